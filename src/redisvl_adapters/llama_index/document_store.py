"""LlamaIndex's document store: nodes, the hashes of documents, and which nodes were made of which document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from llama_index.core.schema import BaseNode
from llama_index.core.storage.docstore.keyval_docstore import DEFAULT_NAMESPACE
from llama_index.core.storage.docstore.utils import json_to_doc

from redisvl_adapters.core.arguments import check_name, check_string, check_strings, is_list
from redisvl_adapters.core.keyvalue import json_values
from redisvl_adapters.core.keyvalue.json_values import Value
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps
from redisvl_adapters.core.server.options import ConnectionOptions
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.document_lookups import DocumentLookups
from redisvl_adapters.llama_index.kv_store import DEFAULT_PREFIX, KVStoreOwner, RedisKVStore
from redisvl_adapters.llama_index.nodes import check_is_node, node_to_json


class RedisDocumentStore(KVStoreOwner, DocumentLookups):
    """Nodes and the hashes of documents, on plain Redis or Valkey.

    It is what ``refresh_ref_docs`` and an ``IngestionPipeline`` must know of earlier runs, and what auto-merging and
    recursive retrievers read.

    Any number of writers can share a namespace: which nodes a document has is changed by comparing and setting, so that
    nothing is lost. Nothing is sent before the first operation. Every method has an async twin that does not use
    threads. A store can be copied and pickled.

    Examples:
        >>> store = RedisDocumentStore(redis_url="redis://localhost:6379", namespace="docs")
        >>> pipeline = IngestionPipeline(transformations=[...], vector_store=vector_store, docstore=store)

    Args:
        namespace: Any non-empty string, commonly the name of the index. Other namespaces are never touched.
        prefix: What the Redis keys start with; empty for the layout of LlamaIndex's own store. See ``RedisKVStore``.
        ttl: Seconds after which a node, a hash or the list of the nodes of a document expires, counted from its last
            write; None keeps it. Give it that of the vector store, so that what expired there is added again.
        connection: The keywords of ``ConnectionOptions``: ``redis_url`` or a client, and more.

    Raises:
        ArgumentError: If there is a keyword that the store does not have, or a value is out of its range.
    """

    _kvstore: RedisKVStore

    @known_keywords
    def __init__(
        self,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        prefix: str = DEFAULT_PREFIX,
        ttl: float | None = None,
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        kvstore = RedisKVStore(prefix=prefix, ttl=ttl, **connection)
        super().__init__(kvstore, check_name(namespace, "namespace"), batch_size=BATCH_SIZE)
        # As LlamaIndex's own, so that an index store of the same namespace has other collections.
        self._node_collection = f"{namespace}/doc"

    def _names(self) -> list[str]:
        return [self._node_collection, self._metadata_collection, self._ref_doc_collection]

    # Writing

    @known_keywords
    def add_documents(
        self,
        docs: Sequence[BaseNode],
        allow_update: bool = True,  # noqa: FBT001, FBT002  # as LlamaIndex has it
        batch_size: int | None = None,
        store_text: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> None:
        """Write nodes, their hashes, and of which documents they were made.

        Args:
            docs: Nodes or documents.
            allow_update: Whether a node that exists is overwritten; else it is refused, and nothing is written.
            batch_size: How many are written by one command at most; never more than 500.
            store_text: Whether the nodes themselves are kept, and not their hashes alone.

        Raises:
            RecordError: If a node could not be restored; nothing is written then.
            ArgumentError: If something is no node, or exists and must not be overwritten.
        """
        self._run(self._add(docs, batch_size, allow_update=allow_update, store_text=store_text))

    @known_keywords
    async def async_add_documents(
        self,
        docs: Sequence[BaseNode],
        allow_update: bool = True,  # noqa: FBT001, FBT002  # as LlamaIndex has it
        batch_size: int | None = None,
        store_text: bool = True,  # noqa: FBT001, FBT002  # as above
    ) -> None:
        """Write nodes, their hashes, and of which documents they were made. See ``add_documents``."""
        await self._arun(self._add(docs, batch_size, allow_update=allow_update, store_text=store_text))

    def _add(
        self, docs: Sequence[BaseNode], batch_size: int | None, *, allow_update: bool, store_text: bool
    ) -> Steps[None]:
        if not is_list(docs):
            raise ArgumentError(f"docs is a list of nodes; not {docs!r:.80}")
        size = self._batch_size if batch_size is None else batch_size
        for place, node in enumerate(docs):
            check_is_node(node, place)
        written = [node_to_json(node, place) for place, node in enumerate(docs)] if store_text else []
        hashes: list[tuple[str, Value]] = []
        made: dict[str, dict[str, Mapping[str, Any]]] = {}
        for node in docs:
            hashes.append((node.node_id, {"doc_hash": node.hash}))
            if source := node.ref_doc_id:
                hashes[-1][1]["ref_doc_id"] = source
                made.setdefault(source, {})[node.node_id] = node.metadata
        # The nodes come first: whoever is told of one finds it.
        if store_text:
            nodes = [(node.node_id, text) for node, text in zip(docs, written, strict=True)]
            yield from json_values.put(self._named(self._node_collection), nodes, size, new=not allow_update)
        yield from json_values.put(
            self._named(self._metadata_collection), hashes, size, new=not (allow_update or store_text)
        )

        def added(source: str, info: Value | None) -> Value:
            return _with_nodes(info, made[source])

        yield from json_values.change(self._named(self._ref_doc_collection), list(made), added)

    # Reading

    @known_keywords
    def get_nodes(
        self,
        node_ids: list[str],
        raise_error: bool = True,  # noqa: FBT001, FBT002  # as LlamaIndex has it
    ) -> list[BaseNode]:
        """Return nodes by their ids, in their order.

        Args:
            node_ids: The ids.
            raise_error: Whether an id that does not exist is an error; else it is left out.

        Raises:
            ArgumentError: If an id does not exist.
        """
        return [node for node in self._run(self._nodes(node_ids, raise_error=raise_error)) if node is not None]

    @known_keywords
    async def aget_nodes(
        self,
        node_ids: list[str],
        raise_error: bool = True,  # noqa: FBT001, FBT002  # as LlamaIndex has it
    ) -> list[BaseNode]:
        """Return nodes by their ids, in their order. See ``get_nodes``."""
        return [node for node in await self._arun(self._nodes(node_ids, raise_error=raise_error)) if node is not None]

    @known_keywords
    def get_node_dict(self, node_id_dict: dict[int, str]) -> dict[int, BaseNode]:
        """Return nodes by any numbers that their ids are given under; one that does not exist is an error."""
        return dict(zip(node_id_dict, self.get_nodes(_values(node_id_dict)), strict=True))

    @known_keywords
    async def aget_node_dict(self, node_id_dict: dict[int, str]) -> dict[int, BaseNode]:
        """Return nodes by any numbers that their ids are given under. See ``get_node_dict``."""
        return dict(zip(node_id_dict, await self.aget_nodes(_values(node_id_dict)), strict=True))

    def _nodes(self, node_ids: Sequence[str], *, raise_error: bool) -> Steps[list[BaseNode | None]]:
        check_strings(node_ids, "node_ids")
        found = yield from json_values.get(self._named(self._node_collection), node_ids)
        if raise_error and None in found:
            raise self._not_found("doc_id", node_ids[found.index(None)])
        return [None if node is None else json_to_doc(node) for node in found]

    # Deleting

    @known_keywords
    def delete_document(self, doc_id: str, raise_error: bool = True) -> None:  # noqa: FBT001, FBT002  # as above
        """Delete a node or document; the last node of a document takes the document along.

        Args:
            doc_id: Its id.
            raise_error: Whether it is an error if there is neither such a node nor its hash.

        Raises:
            ArgumentError: If so.
        """
        if not self._run(self._delete([check_string(doc_id, "doc_id")])) and raise_error:
            raise self._not_found("doc_id", doc_id)

    @known_keywords
    async def adelete_document(self, doc_id: str, raise_error: bool = True) -> None:  # noqa: FBT001, FBT002  # as above
        """Delete a node or document. See ``delete_document``."""
        if not await self._arun(self._delete([check_string(doc_id, "doc_id")])) and raise_error:
            raise self._not_found("doc_id", doc_id)

    @known_keywords
    def delete_ref_doc(self, ref_doc_id: str, raise_error: bool = True) -> None:  # noqa: FBT001, FBT002  # as above
        """Delete a document with its hash, and all nodes that were made of it.

        Args:
            ref_doc_id: Its id.
            raise_error: Whether it is an error if nothing is known of it.

        Raises:
            ArgumentError: If so.
        """
        if not self._run(self._delete_source(ref_doc_id)) and raise_error:
            raise self._not_found("ref_doc_id", ref_doc_id)

    @known_keywords
    async def adelete_ref_doc(self, ref_doc_id: str, raise_error: bool = True) -> None:  # noqa: FBT001, FBT002  # as above
        """Delete a document with its hash, and all nodes that were made of it. See ``delete_ref_doc``."""
        if not await self._arun(self._delete_source(ref_doc_id)) and raise_error:
            raise self._not_found("ref_doc_id", ref_doc_id)

    def _delete_source(self, source: str) -> Steps[bool]:
        check_string(source, "ref_doc_id")
        (info,) = yield from json_values.get(self._named(self._ref_doc_collection), [source])
        nodes = _node_ids(info)
        yield from self._delete(nodes)
        # Nodes that are listed under another document, or whose hash is gone, do not name this one.
        yield from self._forget(source, nodes)
        found = yield from self._remove([source])
        return found or info is not None

    def _delete(self, ids: Sequence[str]) -> Steps[bool]:
        """Delete nodes, and tell whether anything was there."""
        hashes = yield from json_values.get(self._named(self._metadata_collection), ids)
        found = yield from self._remove(ids)
        made: dict[str, list[str]] = {}
        for node_id, known in zip(ids, hashes, strict=True):
            if known is not None and (source := known.get("ref_doc_id")):
                made.setdefault(source, []).append(node_id)
        for source, nodes in made.items():
            if (yield from self._forget(source, nodes)):
                yield from self._remove([source])
        return found

    def _remove(self, ids: Sequence[str]) -> Steps[bool]:
        """Delete nodes and hashes, and tell whether there were any."""
        nodes = yield from json_values.delete(self._named(self._node_collection), ids)
        hashes = yield from json_values.delete(self._named(self._metadata_collection), ids)
        return any(nodes) or any(hashes)

    def _forget(self, source: str, nodes: Sequence[str]) -> Steps[bool]:
        """Take nodes from the list of a document, and tell whether it had them and has none left."""
        gone, had = set(nodes), False

        def without(_: str, info: Value | None) -> Value | None:
            nonlocal had
            had = info is not None
            left = [node_id for node_id in _node_ids(info) if node_id not in gone]
            return {"node_ids": left, "metadata": _metadata(info)} if left else None

        after = yield from json_values.change(self._named(self._ref_doc_collection), [source], without)
        return had and after[source] is None

    def _not_found(self, what: str, doc_id: str) -> ArgumentError:
        return ArgumentError(f"{what} {doc_id!r:.80} is not in the document store {self._namespace!r:.80}")


def _values(node_id_dict: Mapping[int, str]) -> list[str]:
    if not isinstance(node_id_dict, Mapping):
        raise ArgumentError(f"node_id_dict is a dict of the ids of nodes by number; not {node_id_dict!r:.80}")
    return list(node_id_dict.values())


def _node_ids(info: Mapping[str, Any] | None) -> list[str]:
    """Return the nodes of a document; early versions of LlamaIndex wrote all of it under other names."""
    return list((info or {}).get("node_ids") or (info or {}).get("doc_ids") or [])


def _metadata(info: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict((info or {}).get("metadata") or (info or {}).get("extra_info") or {})


def _with_nodes(info: Value | None, made: Mapping[str, Mapping[str, Any]]) -> Value:
    """Return what is known of a document with more nodes; its metadata are those that its first nodes had."""
    node_ids = dict.fromkeys([*_node_ids(info), *made])
    metadata = _metadata(info) or {key: value for each in made.values() for key, value in each.items()}
    return {"node_ids": list(node_ids), "metadata": metadata}
