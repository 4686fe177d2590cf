"""The index of a semantic cache: opened if it is one, made, emptied within a scope, and dropped."""

from __future__ import annotations

from typing import Self, cast

from redisvl_adapters.core import operations
from redisvl_adapters.core.caches.cache_options import Scope, check_scope
from redisvl_adapters.core.filters.algebra import And, Compare, Operator
from redisvl_adapters.core.index import dropping, lifecycle
from redisvl_adapters.core.index.readiness import known_snapshot
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.store import StoreBase
from redisvl_adapters.errors import SchemaMismatchError, UnknownFieldError, known_keywords

WITHIN = "within"
SCOPE = "scope"
CACHE_FIELDS = {WITHIN: "tag"}


class CacheIndexBase(StoreBase):
    """A cache on an index of its own: it never writes to the index of anything else, empties or drops it."""

    _scope: dict[str, str]

    @property
    def scope(self) -> dict[str, str]:
        """What else must be equal for an answer to hold."""
        return dict(self._scope)

    def scoped(self, **scope: str | int) -> Self:
        """Return this cache for a narrower scope: on the same index and connection, never with the same answers.

        Raises:
            ArgumentError: If a value is not a non-empty text or an integer.
        """
        narrower = object.__new__(type(self))
        vars(narrower).update(vars(self))
        narrower._take_scope({**self._scope, **scope})
        return narrower

    def _take_scope(self, scope: Scope | None) -> None:
        self._scope = check_scope(scope)
        self._options = cast("IndexOptions", {**self._options, "scope": self._scope})

    @known_keywords
    def clear(self) -> None:
        """Delete the entries of this cache: all of its index or, if it has a scope, those within that scope."""
        self._index.run(self._clear())

    @known_keywords
    async def aclear(self) -> None:
        """Delete the entries of this cache. See ``clear``."""
        await self._index.arun(self._clear())

    def _clear(self) -> Steps[None]:
        if (yield from self._opened()) is not None:
            if self._scope:
                yield from _delete_within(self._index.state, self._scope)
            else:
                yield from lifecycle.clear(self._index.state)

    def _opened(self) -> Steps[Snapshot | None]:
        """Return what is known of the index; None if it does not exist.

        Raises:
            SchemaMismatchError: If it is no cache.
        """
        state = self._index.state
        snapshot = yield from known_snapshot(state)
        if snapshot is not None and not snapshot.schema.declares(WITHIN):
            raise SchemaMismatchError(
                f"index {state.spec.name!r} is no cache: it holds the records of a store or of conversations; choose "
                "another index_name for the cache"
            )
        return snapshot

    @known_keywords
    def create(self, dims: int | None = None) -> None:
        """Create the index now, if it does not exist; the first answer does that too.

        Args:
            dims: The number of dimensions of its vectors, if the cache was not told.

        Raises:
            SchemaMismatchError: If another one of that name exists.
        """
        self._index.run(self._create(dims))

    @known_keywords
    async def acreate(self, dims: int | None = None) -> None:
        """Create the index now, if it does not exist. See ``create``."""
        await self._index.arun(self._create(dims))

    def _create(self, dims: int | None) -> Steps[None]:
        yield from self._opened()
        yield from lifecycle.create(self._index.state, dims)

    @known_keywords
    def drop(self) -> None:  # type: ignore[override]  # entries without their index are of no use
        """Drop the index with all its entries. The next answer creates it anew."""
        self._index.run(self._drop())

    @known_keywords
    async def adrop(self) -> None:  # type: ignore[override]  # as above
        """Drop the index with all its entries. The next answer creates it anew."""
        await self._index.arun(self._drop())

    def _drop(self) -> Steps[None]:
        yield from self._opened()
        yield from dropping.drop(self._index.state)


def _delete_within(state: IndexState, scope: Scope) -> Steps[object]:
    conditions = tuple(Compare(f"{SCOPE}.{name}", Operator.EQ, value) for name, value in scope.items())
    try:
        return (yield from operations.delete_matching(state, And(conditions)))
    except UnknownFieldError:
        # No entry has such a scope.
        return 0
