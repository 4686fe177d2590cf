"""What the tools of a server do: search an index, and if the server may write, add documents to it and delete them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from redisvl_adapters.agents.answers import Found, answer_text, refusal_text
from redisvl_adapters.agents.argument_values import MAX_ITEMS, read_text
from redisvl_adapters.agents.mcp.embedding import Embedding
from redisvl_adapters.agents.search_arguments import SearchRequest
from redisvl_adapters.agents.search_tool import ModelError, SearchTool, ToolSettings, build_search_tool, hide
from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.readiness import current_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.record import Record, new_id
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.options import SEARCH_OPTIONS
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, FilterError, RecordError, UnknownArgumentError, did_you_mean

MAX_DOCUMENT = 100_000
"""How many characters a document may have that a model adds, and how many bytes its metadata, as JSON."""

_FRESH = 1.0
"""For how many seconds the arguments are taken for those of now."""

_WORDS = {"match": "match", "scorer": "scorer", "text_fields": "fields", "language": "language"}
_FUSION = {"fusion": "method", "alpha": "alpha", "rrf_constant": "rrf_constant"}
SEARCH_KEYWORDS: Mapping[str, frozenset[str]] = {
    "vector": SEARCH_OPTIONS,
    "mmr": SEARCH_OPTIONS | {"fetch_k", "lambda_mult"},
    "text": frozenset(_WORDS),
    "hybrid": SEARCH_OPTIONS | _WORDS.keys() | _FUSION.keys() | {"fetch_k"},
}
"""What whoever runs the server can fix of a search, by its type."""


class Answer(NamedTuple):
    """What a tool answers.

    Attributes:
        text: What a model reads.
        data: The same for programs; None if the call was refused.
    """

    text: str
    data: dict[str, Any] | None


@dataclass(frozen=True)
class ServerSettings:
    """What whoever runs a server fixes.

    Attributes:
        search: The search tool.
        options: The keywords of its searches.
        writes: Whether there are tools that add and delete.
        learns: Whether documents that a model adds may have metadata keys that the index has no field for.
        max_age: For how many seconds the arguments stay as they are.
    """

    search: ToolSettings
    options: Mapping[str, Any]
    writes: bool = False
    learns: bool = False
    max_age: float = 60.0

    def __post_init__(self) -> None:
        known = SEARCH_KEYWORDS[self.search.search_type]
        for name in self.options:
            if name not in known:
                raise UnknownArgumentError(
                    f"a {self.search.search_type} search has no option {name!r:.80}{did_you_mean(name, known)}; "
                    f"it has {', '.join(sorted(known))}"
                )


@dataclass
class IndexTools:
    """The tools of an index, or of a scope of it.

    Attributes:
        index: The index.
        embedding: What turns texts into vectors; None if nothing needs them.
        settings: What is fixed.
    """

    index: RedisIndex
    embedding: Embedding | None
    settings: ServerSettings
    _tool: SearchTool | None = field(default=None, init=False)
    _made: float = field(default=0.0, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def aclose(self) -> None:
        """Close the connection; that of a scope too, which is the one of the whole."""
        await self.index.connection.aclose()

    async def search_tool(self, max_age: float | None = None) -> SearchTool:
        """Return the search tool, whose arguments are those that the index teaches now, or did a moment ago.

        Args:
            max_age: How many seconds ago they may have been made; None for what the settings say.
        """
        max_age = self.settings.max_age if max_age is None else max_age
        async with self._lock:
            if self._tool is None or time.monotonic() - self._made > max_age:
                self._tool = await self.index.arun(build_search_tool(self.index.state, self.settings.search))
                self._made = time.monotonic()
            return self._tool

    async def check(self) -> None:
        """Make the tools, and search once, so that what cannot work is known before anybody asks.

        Raises:
            AdapterError: If it cannot.
        """
        tool = await self.search_tool()
        if self.settings.writes:
            vector = await self._vector("query", "a document")
            snapshot = await self.index.arun(current_snapshot(self.index.state))
            if snapshot is not None:
                snapshot.schema.check_writable()
                _check_dims(vector, snapshot.schema.vector.dims)
        await self._hits("what there is", 1, tool.settings.filter)

    async def search(self, given: Mapping[str, Any]) -> Answer:
        """Search as a model asks for."""
        try:
            tool, (query, k, filter) = await self._request(given)
            hits = await self._hits(query, k, filter)
        except (ModelError, FilterError) as error:
            return Answer(refusal_text(error), None)
        found = [Found(hit.record.id, hit.record.text, hide(hit.record.metadata, tool.hidden)) for hit in hits]
        told = [{**one._asdict(), **_nearness(hit)} for one, hit in zip(found, hits, strict=True)]
        return Answer(answer_text(found), {"documents": told})

    async def _request(self, given: Mapping[str, Any]) -> tuple[SearchTool, SearchRequest]:
        tool = await self.search_tool()
        try:
            return tool, tool.read(given, tool.locks({}))
        except ModelError:
            # What is no value may have become one since.
            newer = await self.search_tool(min(_FRESH, self.settings.max_age))
            if newer is tool:
                raise
            return newer, newer.read(given, newer.locks({}))

    async def add_schema(self) -> dict[str, Any]:
        """Return the JSON schema of what the tool that adds takes."""
        keys = ", ".join(await self._keys()) or "none yet"
        more = "others may be added" if self.settings.learns else "there are no others"
        metadata = {"type": "object", "description": f"what is known of the document, by key; keys: {keys}; {more}"}
        return _object(
            {
                "text": {"type": "string", "description": f"the document, at most {MAX_DOCUMENT} characters"},
                "metadata": metadata,
                "id": {
                    "type": "string",
                    "description": "its id; the document that has it is replaced",
                },
            },
            ["text"],
        )

    async def add(self, given: Mapping[str, Any]) -> Answer:
        """Add a document, or replace the one with its id."""
        try:
            record = await self._record(_read(given, ("text", "metadata", "id")))
            vector = await self._vector("document", record.text)
            await self.index.arun(operations.upsert(self.index.state, [record], [vector]))
            self._tool = None
        except (ArgumentError, FilterError, RecordError) as error:
            return Answer(f"Nothing was added: {error}.", None)
        return Answer(f"Added {record.id}.", {"id": record.id})

    @staticmethod
    def delete_schema() -> dict[str, Any]:
        """Return the JSON schema of what the tool that deletes takes."""
        ids = {
            "type": "array",
            "items": {"type": "string"},
            "description": f"at most {MAX_ITEMS}, as a search tells them",
        }
        return _object({"ids": ids}, ["ids"])

    async def delete(self, given: Mapping[str, Any]) -> Answer:
        """Delete documents by their ids."""
        try:
            ids = _read_ids(_read(given, ("ids",)).get("ids"))
            deleted = await self.index.arun(operations.delete(self.index.state, ids))
            self._tool = None
        except ArgumentError as error:
            return Answer(f"Nothing was deleted: {error}.", None)
        return Answer(f"Deleted {deleted} of {len(ids)}; there are no others.", {"deleted": deleted})

    async def _hits(self, query: str, k: int, filter: Filter | None) -> list[Hit]:
        search_type, vector = self.settings.search.search_type, None
        if search_type != "text":
            vector = await self._vector("query", query)
        return await self.index.arun(
            _search(self.index.state, search_type, query, vector, k, filter, self.settings.options)
        )

    async def _vector(self, what: str, text: str) -> Vector:
        if self.embedding is None:
            raise ArgumentError("vectors are needed; name the model: --embedding module:name")
        return await (self.embedding.query if what == "query" else self.embedding.document)(text)

    async def _keys(self) -> list[str]:
        snapshot = await self.index.arun(current_snapshot(self.index.state))
        if snapshot is None:
            return []
        return [key for key in snapshot.schema.fields if key not in self.index.scope]

    async def _record(self, given: Mapping[str, Any]) -> Record:
        text, metadata, record_id = given.get("text"), given.get("metadata", {}), given.get("id")
        if not isinstance(text, str) or not text.strip() or len(text) > MAX_DOCUMENT:
            raise ArgumentError(f"text is the document, 1 to {MAX_DOCUMENT} characters; not {text!r:.80}")
        if not isinstance(metadata, Mapping):
            raise ArgumentError(f"metadata is an object; not {metadata!r:.80}")
        checked = check_metadata(metadata, "the document")
        if len(checked.json) > MAX_DOCUMENT:
            raise ArgumentError(f"metadata has {len(checked.json)} bytes as JSON; at most {MAX_DOCUMENT} are kept")
        if not self.settings.learns:
            _check_keys(checked.values, await self._keys())
        return Record(new_id() if record_id is None else read_text("id", record_id), text, dict(metadata))


def _read(given: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    for name in given:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise ArgumentError(f"there is no argument {name!r:.80}{hint}; the arguments are {', '.join(known)}")
    return {name: value for name, value in given.items() if value is not None}


def _check_keys(values: Mapping[str, Any], known: Sequence[str]) -> None:
    for key, value in values.items():
        # An object is told by what is in it: {"author": {"name": ...}} has the key author.name.
        is_outer = isinstance(value, Mapping) and (key in known or any(each.startswith(f"{key}.") for each in known))
        if key not in known and not is_outer:
            raise ArgumentError(
                f"metadata has no key {key!r:.80}{did_you_mean(key, known)}; the keys are {', '.join(known) or 'none'}"
            )


def _read_ids(ids: Any) -> list[str]:
    if not isinstance(ids, list) or not 1 <= len(ids) <= MAX_ITEMS:
        raise ArgumentError(f"ids is a list of 1 to {MAX_ITEMS} ids of documents; not {ids!r:.80}")
    return ids


def _search(
    state: IndexState,
    search_type: str,
    query: str,
    vector: Vector | None,
    k: int,
    filter: Filter | None,
    options: Mapping[str, Any],
) -> Steps[list[Hit]]:
    if search_type == "text" or vector is None:
        return operations.search_text(state, query, k, filter, **_renamed(options, _WORDS))
    if search_type == "mmr":
        return operations.search_mmr(state, vector, k, filter, **options)
    if search_type == "vector":
        return operations.search_by_vector(state, vector, k, filter, **options)
    fusion = Fusion(**_renamed(options, _FUSION))
    others = {name: value for name, value in options.items() if name not in _FUSION and name not in _WORDS}
    return operations.search_hybrid(
        state, vector, query, k, filter, fusion=fusion, **_renamed(options, _WORDS), **others
    )


def _renamed(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in options.items() if name in names}


def _nearness(hit: Hit) -> dict[str, float]:
    return {"distance": hit.distance} if hit.score is None else {"score": hit.score}


def tool_name(kind: str, index_name: str) -> str:
    """Return the name of the tool that adds to an index (``add``) or deletes from it (``delete``)."""
    return f"{kind}_{'to' if kind == 'add' else 'from'}_{re.sub('[^a-zA-Z0-9_-]', '_', index_name)[:50]}"


def check_names(search_name: str, index_name: str) -> None:
    """Refuse a search tool that has the name of another one.

    Raises:
        ArgumentError: If it has.
    """
    if search_name in (tool_name("add", index_name), tool_name("delete", index_name)):
        raise ArgumentError(f"--name {search_name} is the name of another tool of this server; choose another one")


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _check_dims(vector: Vector, dims: int) -> None:
    if len(vector) != dims:
        raise ArgumentError(
            f"the embedding model makes vectors of {len(vector)} dimensions, and those of the index have {dims}; name "
            "the model that the index was made with"
        )
