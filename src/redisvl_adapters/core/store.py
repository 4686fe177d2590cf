"""What the stores of both frameworks share: the index under them and its connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self, TypeVar

from redisvl_adapters.core import operations
from redisvl_adapters.core.arguments import check_flag, check_ttl
from redisvl_adapters.core.index import lifecycle, readiness
from redisvl_adapters.core.index.health import Health
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.scan_bar import scan_bar
from redisvl_adapters.core.index.scope import ScopeValue
from redisvl_adapters.core.ingest.copy_methods import CopyMethods
from redisvl_adapters.core.records.vectors import as_floats
from redisvl_adapters.core.schema.named_vectors import MAIN
from redisvl_adapters.core.schema.option_parsing import check_wait
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.search.index_info import IndexInfo
from redisvl_adapters.core.search.vector_choice import vector_name
from redisvl_adapters.core.server.closeable import Closeable
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, known_keywords

S = TypeVar("S")


def _make(kind: Callable[..., S], arguments: tuple[Any, ...], options: IndexOptions) -> S:
    """Make a store; a function of its own, since ``pickle`` calls with positional arguments only."""
    return kind(*arguments, **options)


def _checked_timeout(timeout: float | None) -> float | None:
    return None if timeout is None else check_wait(timeout, "timeout")


class StoreBase(CopyMethods, Closeable):
    """A store that holds an index. It closes only the connections that it opened.

    A copy by ``copy.deepcopy`` or ``pickle`` is a store of its own on the same index, which it never overwrites.
    """

    _index: RedisIndex
    _options: IndexOptions

    def _made_with(self) -> tuple[Any, ...]:
        """Return what the store was made with besides its options."""
        return ()

    def _recipe(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        # A copy that overwrites too would drop what the store has written.
        options: IndexOptions = {**self._options}
        if options.get("create") == "overwrite":
            options["create"] = "if-missing"
        return _make, (type(self), self._made_with(), options)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return another store on the same index; a client that was given serves both."""
        make, parts = self._recipe()
        copied: Self = make(*parts)
        return copied

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Return how to make another store on the same index; the URL is in it, password included.

        Raises:
            ArgumentError: If the store was given a client, which cannot be pickled.
        """
        if self._index.connection.given is not None:
            raise ArgumentError("a store that was given a client cannot be pickled; make it with redis_url instead")
        return self._recipe()

    def __repr__(self) -> str:
        """Name the index, its storage as far as that is known, and its server, without credentials."""
        state = self._index.state
        storage = state.schema.storage if state.schema else state.spec.storage
        named = f", storage={storage!r}" if storage else ""
        if state.scope is not None:
            named += f", scoped to {state.scope}"
        return f"<{type(self).__name__} index_name={state.spec.name!r}{named} at {self._index.connection.address}>"

    def __str__(self) -> str:
        """Return the same as ``repr``."""
        return repr(self)

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
        """Delete all records, one by one, or all within the scope of the store.

        The index stays, with its fields and aliases; to drop it is quicker.
        """
        self._index.run(operations.clear(self._index.state))

    @known_keywords
    async def aclear(self) -> None:
        """Delete all records, one by one. See ``clear``."""
        await self._index.arun(operations.clear(self._index.state))

    @known_keywords
    def drop(self, *, keep_records: bool = False) -> None:
        """Drop the index with all its records. The next write creates it anew.

        Args:
            keep_records: Whether the records stay where they are. The next write or ``create()`` takes them in again,
                as does any store with the same ``index_name``, ``prefix`` and ``storage``. No search finds them before.

        Raises:
            ArgumentError: If the store is scoped.
            SchemaMismatchError: If the index was made by somebody else, or its name is an alias.
        """
        check_flag(keep_records, "keep_records")
        self._index.run(operations.drop(self._index.state, keep_records=keep_records))

    @known_keywords
    async def adrop(self, *, keep_records: bool = False) -> None:
        """Drop the index with all its records. See ``drop``."""
        check_flag(keep_records, "keep_records")
        await self._index.arun(operations.drop(self._index.state, keep_records=keep_records))

    @known_keywords
    def wait_until_indexed(self, timeout: float | None = None, *, show_progress: bool = False) -> None:
        """Wait until the server has scanned the records that were there before the index, or before a field of it.

        Operations that need it wait by themselves, as long as the store was told.

        Args:
            timeout: How many seconds to wait at most; by default the store's own ``wait_until_indexed``.
            show_progress: Whether to draw a bar with tqdm.

        Raises:
            IndexNotReadyError: If it takes longer; the message says how far the scan is.
        """
        with scan_bar(self._index.state.spec.name, show_progress) as on_scan:
            self._index.run(readiness.wait_until_indexed(self._index.state, _checked_timeout(timeout), on_scan))

    @known_keywords
    async def await_until_indexed(
        self,
        timeout: float | None = None,  # noqa: ASYNC109  # as its twin
        *,
        show_progress: bool = False,
    ) -> None:
        """Wait until the server has scanned the records that were there before. See ``wait_until_indexed``."""
        with scan_bar(self._index.state.spec.name, show_progress) as on_scan:
            steps = readiness.wait_until_indexed(self._index.state, _checked_timeout(timeout), on_scan)
            await self._index.arun(steps)

    @known_keywords
    def info(self) -> IndexInfo:
        """Return what the index is and holds: records, memory by part, fields, failures, algorithm, versions.

        Raises:
            ArgumentError: If the store is scoped: all of it is of the whole index.
            IndexNotFoundError: If there is no such index.
        """
        return self._index.run(operations.index_info(self._index.state))

    @known_keywords
    async def ainfo(self) -> IndexInfo:
        """Return what the index is and holds. See ``info``."""
        return await self._index.arun(operations.index_info(self._index.state))

    @known_keywords
    def health(self, timeout: float | None = None) -> Health:
        """Tell whether the index can be asked: for a readiness probe. No failure is raised.

        As a condition it is true if the server is reached, the index is there and whole, and this user may search it;
        else ``reason`` says in one line what is wrong. Nothing is created. It takes no longer than the timeouts of the
        connection.

        Args:
            timeout: How many seconds to wait at most, if that is less; ``math.inf`` for no limit but those.

        Raises:
            ArgumentError: If it is not a number of seconds from 0 on, up to 100,000,000; nothing else is raised.
        """
        return self._index.health(_checked_timeout(timeout))

    @known_keywords
    async def ahealth(self, timeout: float | None = None) -> Health:  # noqa: ASYNC109  # as its twin
        """Tell whether the index can be asked. See ``health``."""
        return await self._index.ahealth(_checked_timeout(timeout))

    @known_keywords
    def ttl(self, ids: Sequence[str]) -> list[float | None]:
        """Return in how many seconds records expire; None where one does not expire, or there is none."""
        return self._index.run(operations.remaining_ttl(self._index.state, ids))

    @known_keywords
    async def attl(self, ids: Sequence[str]) -> list[float | None]:
        """Return in how many seconds records expire. See ``ttl``."""
        return await self._index.arun(operations.remaining_ttl(self._index.state, ids))

    @known_keywords
    def expire(self, ids: Sequence[str], ttl: float | None) -> int:
        """Let records expire after a number of seconds from now; None lets them live for ever.

        Returns:
            How many of them there were.

        Raises:
            ArgumentError: If ttl is not a positive number of seconds.
        """
        return self._index.run(operations.expire(self._index.state, ids, check_ttl(ttl)))

    @known_keywords
    async def aexpire(self, ids: Sequence[str], ttl: float | None) -> int:
        """Let records expire after a number of seconds from now. See ``expire``."""
        return await self._index.arun(operations.expire(self._index.state, ids, check_ttl(ttl)))

    @known_keywords
    def get_embeddings(self, ids: Sequence[str], *, vector: str | None = None) -> list[list[float] | None]:
        """Return the vectors of records by their ids, in that order; None where there is no such record or vector.

        A vector is what was given, as far as the dtype of the index holds it. One that was scaled by itself (int8 and
        uint8 under cosine, without ``scale=``) has kept its direction, not its length.

        Args:
            ids: The ids.
            vector: Which one, by its name; the main one by default.

        Raises:
            ArgumentError: If ids is no list of ids, or there is no such vector.
        """
        return self._index.run(self._get_embeddings(ids, vector))

    @known_keywords
    async def aget_embeddings(self, ids: Sequence[str], *, vector: str | None = None) -> list[list[float] | None]:
        """Return the vectors of records by their ids. See ``get_embeddings``."""
        return await self._index.arun(self._get_embeddings(ids, vector))

    def _get_embeddings(self, ids: Sequence[str], vector: str | None) -> Steps[list[list[float] | None]]:
        found = yield from operations.fetch(self._index.state, ids, vectors=True)
        name = vector_name(self._index.state, vector)
        if name == MAIN:
            return [None if record is None else as_floats(record.vector) for record in found]
        return [None if record is None else as_floats((record.vectors or {}).get(name)) for record in found]

    @known_keywords
    def close(self) -> None:
        """Close the connection; a client that was given stays open. The next use of the store connects anew.

        A scoped store leaves that to the one that it was made of.
        """
        self._index.close()

    @known_keywords
    async def aclose(self) -> None:
        """Close the connection, that of the running event loop too. See ``close``."""
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


class VectorStoreBase(StoreBase):
    """A store of records, which can be scoped: what the vector stores of both frameworks share."""

    @property
    def scope(self) -> dict[str, Any]:
        """The metadata that this store is scoped to; empty if it is not. See ``scoped``."""
        return self._index.scope

    def scoped(self, /, **metadata: ScopeValue) -> Self:
        """Return this store within metadata that always hold, such as ``scoped(tenant="acme")``.

        It reads, counts and tells of records alone that have them, whatever filter or ids it is given. It writes
        every record with them, and refuses one that says otherwise. It replaces, deletes and expires no other records:
        ``clear`` deletes those within. What is of the whole index, such as ``drop``, it refuses. A scoped store can be
        scoped further, and not otherwise.

        A record whose value is a list is read within each of its values, and changed within none. Ids are those of
        the whole index: one that is taken outside cannot be written within. BM25 scores count words in all of it, and
        errors name the fields of all of it.

        In an index of another application each key is one of its fields, a tag or a number. Where its tags do not tell
        case, a search that meets a record of ``ACME`` within ``acme`` is refused with a ``FilterError``.

        The two stores share one connection, which this one closes. Nothing is sent.

        Args:
            metadata: The keys, each with a text, a boolean, an integer, a date or a UUID; dots reach into nested
                metadata, where written records have such a key beside the others (``scoped(**{"user.id": "ann"})``).

        Raises:
            ArgumentError: If there is no key, a value is another, contradicts the scope that the store has, or is what
                an index of another application cannot keep, with the reason.
        """
        return self._sharing(self._index.scoped(metadata))

    def _scoped_alone(self, metadata: Mapping[str, Any]) -> Self:
        """Return this store within a scope, in its place: it closes the connection."""
        within = self.scoped(**metadata)
        within._index.owns_connection = True  # noqa: SLF001  # its own
        return within

    def _sharing(self, index: RedisIndex) -> Self:
        """Return this store on another view of its index."""
        raise NotImplementedError

    def _recipe(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        recipe, scope = super()._recipe(), self._index.state.scope
        return recipe if scope is None else (_make_scoped, (*recipe, dict(scope.metadata)))


def _make_scoped(make: Callable[..., VectorStoreBase], parts: tuple[Any, ...], scope: Mapping[str, Any]) -> Any:
    """Make a store within a scope. See ``_make``."""
    return make(*parts)._scoped_alone(scope)  # noqa: SLF001  # its own
