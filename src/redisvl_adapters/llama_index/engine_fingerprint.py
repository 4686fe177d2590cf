"""What the answers of a query engine depend on, read from its parts, the same in every process.

Only parts are read of which all that matters can be read: LlamaIndex's own engine over a retriever, its retrievers,
synthesisers, postprocessors and prompts; language and embedding models by what they tell of themselves; indexes in
memory by their id and nodes, and those on Redis by server and name. Anything else needs a name that stands for it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from inspect import isbuiltin, isfunction, ismethod, ismodule
from pathlib import PurePath
from typing import Any
from uuid import UUID

import orjson
from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.base import BaseLLM
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.indices.base import BaseIndex
from llama_index.core.node_parser import NodeParser
from llama_index.core.prompts import BasePromptTemplate
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine, TransformQueryEngine
from llama_index.core.schema import BaseComponent
from llama_index.core.storage.docstore.types import BaseDocumentStore
from llama_index.core.vector_stores import SimpleVectorStore

from redisvl_adapters.core.caches.prompts import digest
from redisvl_adapters.core.records.embedding_models import describe_embedding_model
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.llama_index.vector_store import RedisVectorStore

_ENGINES = (RetrieverQueryEngine, CitationQueryEngine, TransformQueryEngine)
_OWN = ("llama_index.", "redisvl_adapters.")
_CONSTANTS = frozenset({str, bool, type(None)})
_SPELLED = (date, timedelta, UUID, Decimal, PurePath)
_PASS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
# What no answer depends on, or what follows from the rest: the names in a template come in any order.
_IRRELEVANT = frozenset(
    "callback_manager dispatcher verbose show_progress progress_bar use_async num_workers batch_size embed_batch_size "
    "rate_limiter embeddings_cache token_counter timeout request_timeout max_retries reuse_client logger "
    "template_vars".split()
)
# Only a key that opens something is a secret: that of a filter, or of metadata, decides about answers.
_SECRET = re.compile(
    r"(api|access|account|auth|private|subscription)_?key$|(^|_)(token|secret|password|credentials?|headers?)$"
)
# What may be set anew between two queries, read of parts too that can else not be read.
_SETTINGS = frozenset(
    "retriever retrievers query_engine query_engines filters similarity_top_k vector_store_query_mode alpha node_ids "
    "doc_ids sparse_top_k hybrid_top_k kwargs node_postprocessors response_synthesizer llm output_cls".split()
)


class UnreadableError(Exception):
    """A part is of a kind of which not all that matters can be read."""


def engine_fingerprint(engine: BaseQueryEngine, name: str | None = None) -> str:
    """Return a digest of what the answers of a query engine depend on.

    Args:
        engine: The engine.
        name: What stands for all that cannot be read of it, and for what its indexes hold.

    Raises:
        UnreadableError: If it has a part that cannot be read, and no name; the message says which.
    """
    return digest(name, _Reader(named=name is not None).read(engine, "the query engine"))


class _Reader:
    """Reads a part and its parts as JSON values."""

    def __init__(self, *, named: bool) -> None:
        self._named = named
        # What was read, by identity: engines have one model in many places.
        self._known: dict[int, Any] = {}

    def read(self, value: Any, path: str) -> Any:
        """Return what stands for a value in the fingerprint.

        Raises:
            UnreadableError: If nothing does, and there is no name for it.
        """
        kind = type(value)
        if kind in _CONSTANTS:
            return value
        match value:
            case int() | float() if kind in (int, float):
                return repr(value)
            case Enum():
                return [_path_of(kind), repr(value.value)]
            case bytes():
                return hashlib.sha256(value).hexdigest()
            case list() | tuple() | set() | frozenset() | Mapping():
                return self._container(value, path)
            case type():
                return self._class(value, path)
        if isinstance(value, _SPELLED):
            return [_path_of(kind), str(value)]
        if id(value) not in self._known:
            # Should it be met again within itself, this stands for it.
            self._known[id(value)] = ["itself", _path_of(kind)]
            self._known[id(value)] = self._object(value, path)
        return self._known[id(value)]

    def _object(self, value: Any, path: str) -> Any:
        match value:
            case BaseEmbedding():
                return describe_embedding_model(value)
            case BaseLLM():
                return self._model(value, path)
            case BaseIndex():
                return self._index(value, path)
            case RedisVectorStore():
                return self._redis(value, path)
            case SimpleVectorStore() | BaseDocumentStore():
                return self._unreadable(value, path, "which is only known as a part of an index")
        if isinstance(value, BaseQueryEngine) and type(value) not in _ENGINES:
            beneath = _beneath_cache(value)
            return self._unreadable(value, path) if beneath is None else self.read(beneath, path)
        if callable(value) and (isfunction(value) or ismethod(value) or isbuiltin(value) or isinstance(value, partial)):
            return self._function(value, path)
        kind = type(value)
        if kind.__module__.startswith("redisvl."):
            return [_path_of(kind), str(value)]
        is_data = isinstance(value, BaseModel) and not isinstance(value, BaseComponent | BasePromptTemplate)
        if not is_data and not kind.__module__.startswith(_OWN):
            return self._unreadable(value, path)
        # What a parser has besides its fields follows from them.
        private = {} if isinstance(value, NodeParser) else _private_parts(value)
        return [_path_of(kind), self._named_parts(_parts(value) | private, path)]

    def _named_parts(self, parts: Mapping[str, Any], path: str) -> Any:
        """Read attributes, but for those that an index among them has too."""
        held = {name.lstrip("_"): value for name, value in parts.items() if _is_relevant(name.lstrip("_"))}
        if isinstance(index := held.get("index"), BaseIndex):
            stores = [index.docstore, index.index_struct, index.storage_context, getattr(index, "vector_store", None)]
            held = {name: value for name, value in held.items() if not any(value is one for one in stores)}
            # An index in memory lets its retriever look at all of its nodes, one by one.
            if held.get("node_ids") == list(getattr(index.index_struct, "nodes_dict", {}).values()):
                del held["node_ids"]
        return {name: self.read(value, f"{path}.{name}") for name, value in sorted(held.items())}

    def _container(self, value: Any, path: str) -> Any:
        try:
            # Plain JSON, such as the nodes of an index, takes no time like this.
            return hashlib.sha256(orjson.dumps(value, option=_PASS)).hexdigest()
        except orjson.JSONEncodeError:
            pass
        if isinstance(value, Mapping):
            pairs = [[self.read(name, path), self.read(item, f"{path}[{name!r}]")] for name, item in value.items()]
            return ["mapping", sorted(pairs, key=json.dumps)]
        items = [self.read(item, f"{path}[{place}]") for place, item in enumerate(value)]
        return items if isinstance(value, list | tuple) else ["set", sorted(items, key=json.dumps)]

    def _class(self, kind: type, path: str) -> Any:
        if issubclass(kind, BaseModel):
            # Its schema too: an answer has its fields.
            return [_path_of(kind), self.read(kind.model_json_schema(), path)]
        return _path_of(kind) if _is_importable(kind) else self._unreadable(kind, path)

    def _function(self, value: Any, path: str) -> Any:
        if isinstance(value, partial):
            return ["partial", self.read(value.func, path), self.read([value.args, value.keywords], path)]
        if ismethod(value):
            return ["method", value.__name__, self.read(value.__self__, path)]
        of_module = isfunction(value) or ismodule(value.__self__)
        return _path_of(value) if of_module and _is_importable(value) else self._unreadable(value, path)

    def _model(self, model: BaseLLM, path: str) -> Any:
        """Read a language model: by what it tells of itself, since its clients cannot be read."""
        metadata: Any = None
        with suppress(Exception):
            # Some models do not know theirs.
            metadata = model.metadata.model_dump(mode="json")
        told = {name: value for name, value in (_parts(model) | _private_parts(model)).items() if not _is_opaque(value)}
        return [_path_of(type(model)), metadata, self._named_parts(told, path)]

    def _index(self, index: BaseIndex[Any], path: str) -> Any:
        kind = _path_of(type(index))
        if not kind.startswith(_OWN):
            return self._unreadable(index, path)
        store = getattr(index, "vector_store", None)
        if isinstance(store, RedisVectorStore):
            return [kind, self.read(store, f"{path}.vector_store")]
        if store is not None and type(store) is not SimpleVectorStore:
            return [kind, self._unreadable(store, f"{path}.vector_store")]
        if self._named:
            return [kind]
        return [kind, index.index_id, self.read(dict(vars(index.index_struct)), f"{path}.index_struct")]

    def _redis(self, store: RedisVectorStore, path: str) -> Any:
        private = _private_parts(store)
        index, options = private.pop("_index"), private.pop("_options")
        # How the index is made changes no answer; whatever else the store was told may.
        told = {name: value for name, value in options.items() if name not in IndexOptions.__optional_keys__}
        where = [index.connection.address, index.state.spec.name, *([index.scope] if index.scope else [])]
        return [_path_of(type(store)), where, self._named_parts(private | told, path)]

    def _unreadable(self, value: Any, path: str, why: str = "of which not all that matters can be read") -> Any:
        kind: Any = value if isinstance(value, type) or isfunction(value) else type(value)
        if not self._named:
            raise UnreadableError(f"{path} is a {kind.__qualname__}, {why}")
        parts = {name.lstrip("_"): part for name, part in _parts(value).items() if name.lstrip("_") in _SETTINGS}
        return ["named", _path_of(kind), self._named_parts(parts, path)]


def _parts(value: Any) -> dict[str, Any]:
    return dict(getattr(value, "__dict__", {}))


def _private_parts(value: Any) -> dict[str, Any]:
    return dict(getattr(value, "__pydantic_private__", None) or {})


def _beneath_cache(engine: Any) -> BaseQueryEngine | None:
    """Return the engine that a cache of ours, which cannot be imported here, asks; None if this is none."""
    return engine._query_engine if type(engine).__module__.startswith(_OWN[1]) else None  # noqa: SLF001  # ours


@cache
def _is_relevant(name: str) -> bool:
    """Tell whether an attribute of this name decides about answers."""
    return name not in _IRRELEVANT and not _SECRET.search(name)


def _is_opaque(value: Any) -> bool:
    """Tell whether a value is an object of a library, such as a client."""
    plain = value is None or isinstance(
        value, str | int | float | bytes | list | tuple | set | frozenset | Mapping | type
    )
    known = isinstance(value, Enum | BaseModel | partial) or isfunction(value) or ismethod(value)
    return not plain and not known and not type(value).__module__.startswith(_OWN)


def _is_importable(value: Any) -> bool:
    """Tell whether a class or function is found under its name in another process too."""
    return value.__module__ not in (None, "__main__") and "<" not in value.__qualname__


def _path_of(value: Any) -> str:
    return f"{value.__module__}.{value.__qualname__}"
