"""Base class of context managers with ``close`` and ``aclose``."""

from __future__ import annotations

from typing import Self


class Closeable:
    """A context manager, sync and async, that closes itself."""

    def close(self) -> None:
        """Close what was opened."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close what was opened, on the running event loop too."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        """Return this, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close this."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return this, which is closed at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close this."""
        await self.aclose()
