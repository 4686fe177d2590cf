"""What the stores of both frameworks share: the index under them and its connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Self

from redisvl_adapters.core import lifecycle
from redisvl_adapters.core.index import RedisIndex
from redisvl_adapters.errors import known_keywords


class StoreBase:
    """A store that holds an index. It closes only the connections that it opened."""

    _index: RedisIndex

    @property
    def index(self) -> RedisIndex:
        """The Redis index under this store."""
        return self._index

    @known_keywords
    def create(self, dims: int | None = None) -> None:
        """Create the index now, if it does not exist; the first write does that too.

        Args:
            dims: The number of dimensions of its vectors, if the store was not told.

        Raises:
            SchemaMismatchError: If another one of that name exists.
        """
        self._index.run(lifecycle.create(self._index.state, dims))

    @known_keywords
    async def acreate(self, dims: int | None = None) -> None:
        """Create the index now, if it does not exist. See ``create``."""
        await self._index.arun(lifecycle.create(self._index.state, dims))

    @known_keywords
    def clear(self) -> None:
        """Delete all records. The index stays, with its fields."""
        self._index.run(lifecycle.clear(self._index.state))

    @known_keywords
    async def aclear(self) -> None:
        """Delete all records. The index stays, with its fields."""
        await self._index.arun(lifecycle.clear(self._index.state))

    @known_keywords
    def drop(self) -> None:
        """Drop the index with all its records. The next write creates it anew."""
        self._index.run(lifecycle.drop(self._index.state))

    @known_keywords
    async def adrop(self) -> None:
        """Drop the index with all its records. The next write creates it anew."""
        await self._index.arun(lifecycle.drop(self._index.state))

    @known_keywords
    def close(self) -> None:
        """Close the connection; a client that was given stays open."""
        self._index.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connection, that of the running event loop too; a client that was given stays open."""
        await self._index.aclose()

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        """Close the store if the block fails, since nobody else will have it."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    @asynccontextmanager
    async def _aclosed_on_error(self) -> AsyncIterator[None]:
        """Close the store if the block fails, since nobody else will have it."""
        try:
            yield
        except BaseException:
            await self.aclose()
            raise

    def __enter__(self) -> Self:
        """Return the store, which is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    async def __aenter__(self) -> Self:
        """Return the store, which is closed at the end of the block."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the store."""
        await self.aclose()
