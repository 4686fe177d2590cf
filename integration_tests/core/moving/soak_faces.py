"""What the processes of the soak do with a store, by either framework, sync or async."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

STEADY = 40
"""How many records nobody changes: each search finds them."""


class Face(Protocol):
    """A store on the index of the soak."""

    def add(self, record_id: str, text: str, metadata: dict[str, Any]) -> None: ...

    def update(self, record_id: str, changes: dict[str, Any]) -> int: ...

    def delete(self, record_id: str) -> None: ...

    def delete_where(self, values: Mapping[str, str]) -> None: ...

    def numbers(self, ids: Sequence[str]) -> list[int]: ...

    def near(self) -> int: ...

    def count(self) -> int: ...

    def words(self) -> int: ...

    def matching(self) -> int: ...

    def rebuild(self, options: dict[str, Any]) -> object: ...

    def close(self) -> None: ...


class Caller:
    """Calls the methods of a store, or their async twins."""

    def __init__(self, store: Any, *, is_async: bool) -> None:
        self._store = store
        self._loop = asyncio.new_event_loop() if is_async else None

    def __call__(self, name: str, *args: Any, **options: Any) -> Any:
        if self._loop is None:
            return getattr(self._store, name)(*args, **options)
        twin = getattr(self._store, f"async_{name}", None) or getattr(self._store, f"a{name}")
        return self._loop.run_until_complete(twin(*args, **options))

    def close(self) -> None:
        if self._loop is None:
            self._store.close()
        else:
            self._loop.run_until_complete(self._store.aclose())
            self._loop.close()


def open_face(framework: str, url: str, name: str, size: int, *, is_async: bool) -> Face:
    """Return a store of a framework; the other one is not imported.

    Args:
        framework: ``langchain`` or ``llama_index``.
        url: The server.
        name: The index.
        size: How many numbers the vectors of its model have.
        is_async: Whether its async methods are called.
    """
    module = import_module(f"integration_tests.core.moving.soak_{framework}")
    return cast("Face", module.Face(url, name, size, is_async=is_async))
