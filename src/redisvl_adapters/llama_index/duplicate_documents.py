"""Documents that are added once more under new node ids, which an index does that has forgotten what it holds.

``VectorStoreIndex.from_vector_store`` keeps what it knows of documents in memory, so that ``refresh_ref_docs`` and
``insert`` of another process add each of them anew. The store cannot tell what LlamaIndex wants; it can tell the user.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import orjson
from llama_index.core.schema import BaseNode, MetadataMode

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import FromSources
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import AdapterError, DuplicateDocumentWarning

_TOLD = "\0 duplicate documents"
_DOCUMENTS, _RECORDS = 64, 20
"""Of how many documents of those that are added some records are looked at, and how many: of all that is added anew,
all is there."""


def tell_duplicates(state: IndexState, nodes: Iterable[BaseNode]) -> Steps[None]:
    """Warn, once, of a document of which the index has the same text under another node id.

    Older versions of a document are not told: a pipeline that is to look at duplicates alone leaves them there.

    Nothing is looked for in a stream, in an index that cannot be asked now, and in one of another application.

    Args:
        state: The index.
        nodes: The nodes that are to be added.
    """
    snapshot = state.snapshot
    if _TOLD in state.warned or not isinstance(nodes, Sequence):
        return
    if snapshot is None or not snapshot.is_whole or snapshot.schema.foreign:
        return
    made = [(node, source) for node in nodes if (source := node.source_node) is not None and source.hash]
    hashes = dict(list({source.node_id: source.hash for _, source in made}.items())[:_DOCUMENTS])
    if not hashes:
        return
    try:
        found = yield from operations.fetch_matching(state, FromSources(tuple(hashes)), limit=_RECORDS)
    except AdapterError:
        # Whoever may only write is not kept from it.
        return
    ids = {node.node_id for node in nodes}
    texts = {(source.node_id, node.get_content(metadata_mode=MetadataMode.NONE)) for node, source in made}
    for record in found:
        source_id, source_hash = _source(record)
        if record.id in ids or source_id not in hashes:
            continue
        if hashes[source_id] == source_hash and (source_id, record.text) in texts:
            # Of the others it is true as well.
            state.warned.add(_TOLD)
            return _warn(str(source_id))


def _warn(document_id: str) -> None:
    warnings.warn(
        f"document {document_id!r:.80} is in the index already, and is added once more under other node ids, so that "
        "searches will find both: this LlamaIndex index has forgotten what the store holds. Keep a document store "
        "beside it (RedisStorageContext), or call delete_ref_doc first; see docs/storage.md",
        DuplicateDocumentWarning,
        stacklevel=5,
    )


def _source(record: Record) -> tuple[str | None, str | None]:
    """Return the id and the hash of the document that a record was made from."""
    relationships = orjson.loads(record.frame).get("relationships") if record.frame else None
    # The name that NodeRelationship.SOURCE has in JSON.
    source = relationships.get("1") if isinstance(relationships, dict) else None
    return (source.get("node_id"), source.get("hash")) if isinstance(source, dict) else (None, None)
