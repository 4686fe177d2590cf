"""LlamaIndex nodes as records and back: type, relationships, templates, images and all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import orjson
from llama_index.core.constants import DATA_KEY
from llama_index.core.schema import BaseNode, IndexNode, MetadataMode, TextNode
from llama_index.core.storage.docstore.utils import doc_to_json
from numpy.typing import NDArray

from redisvl_adapters.core.records.given_vectors import with_named_vectors
from redisvl_adapters.core.records.record import Record, describe_record
from redisvl_adapters.core.records.vectors import as_floats
from redisvl_adapters.errors import ArgumentError, RecordError
from redisvl_adapters.llama_index.node_types import NODE_TYPES

_BY_CLASS_NAME: Mapping[str, type[BaseNode]] = {kind.class_name(): kind for kind in NODE_TYPES}
# The fields that a record has a place of its own for, and the object of an IndexNode, which needs care.
_STORED_APART = {"id_", "embedding", "metadata", "text", "obj"}
_RESOURCES = ("text_resource", "image_resource", "audio_resource", "video_resource")


def to_records(nodes: Iterable[BaseNode], vectors: Mapping[str, Iterable[Any]] | None = None) -> Iterable[Record]:
    """Return the records of nodes with their vectors, a list for a list.

    Args:
        nodes: The nodes.
        vectors: Their named vectors, by the names of these: one for each node, or None.

    Raises:
        ArgumentError: If something is no node, or there are not as many vectors.
        RecordError: If a node has no embedding, or could not be restored.
    """
    if isinstance(nodes, str | bytes | Mapping | BaseNode) or not isinstance(nodes, Iterable):
        raise ArgumentError(f"nodes is a list of nodes; not {type(nodes).__name__} {nodes!r:.80}")
    records = (to_record(node, position) for position, node in enumerate(nodes))
    are_listed = isinstance(nodes, Sequence)
    return with_named_vectors("nodes", list(records) if are_listed else records, vectors, are_listed=are_listed)


def to_record(node: BaseNode, position: int) -> Record:
    """Return the record of a node; the node is not changed.

    Args:
        node: The node.
        position: Its place in the call, for errors.

    Raises:
        RecordError: If the node has no embedding, or could not be restored.
    """
    check_is_node(node, position)
    where = describe_record(position, node.node_id)
    if node.embedding is None:
        raise RecordError(f"{where} has no embedding")
    _check_type(node, where)
    try:
        frame = orjson.dumps(_frame(node)).decode()
    except (TypeError, ValueError) as error:
        raise RecordError(f"{where} is a node that cannot be written down: {error}") from error
    return Record(
        node.node_id,
        node.get_content(metadata_mode=MetadataMode.NONE),
        node.metadata,
        source=node.ref_doc_id,
        frame=frame,
        vector=cast("NDArray[Any]", node.embedding),
    )


def node_to_json(node: BaseNode, position: int) -> dict[str, Any]:
    """Return a node as LlamaIndex's document stores keep it, whole: LlamaIndex leaves out the data of its media.

    Args:
        node: The node.
        position: Its place in the call, for errors.

    Raises:
        ArgumentError: If it is no node.
        RecordError: If the node could not be restored.
    """
    check_is_node(node, position)
    where = describe_record(position, node.node_id)
    _check_type(node, where)
    try:
        written = doc_to_json(node)
    except (TypeError, ValueError) as error:
        raise RecordError(f"{where} is a node that cannot be written down: {error}") from error
    parts = written[DATA_KEY]
    for name in _RESOURCES:
        if parts.get(name) and (resource := getattr(node, name)):
            parts[name] |= {
                "data": resource.data.decode() if resource.data else None,
                "url": str(resource.url) if resource.url else None,
            }
    return written


def to_node(record: Record, *, with_vector: bool = False) -> BaseNode:
    """Return the node of a record; one that LangChain wrote becomes a ``TextNode``.

    Args:
        record: The record.
        with_vector: Whether the node has the vector of the record as its embedding.
    """
    parts: dict[str, Any] = {"id_": record.id, "metadata": record.metadata}
    if with_vector:
        parts["embedding"] = as_floats(record.vector)
    if record.frame is None:
        return TextNode(text=record.text, **parts)
    parts |= orjson.loads(record.frame)
    if "text_resource" in parts:
        parts["text_resource"]["text"] = record.text
    else:
        parts["text"] = record.text
    return _BY_CLASS_NAME[parts["class_name"]].from_dict(parts)


def check_is_node(node: object, position: int) -> None:
    """Raise ``ArgumentError`` unless something is a node."""
    if not isinstance(node, BaseNode):
        raise ArgumentError(f"node {position} is no node but {type(node).__name__} {node!r:.80}")


def _check_type(node: BaseNode, where: object) -> None:
    if type(node) is not _BY_CLASS_NAME.get(node.class_name()):
        raise RecordError(
            f"{where} is a node of type {type(node).__name__}, which could not be restored; "
            f"nodes are: {', '.join(sorted(_BY_CLASS_NAME))}"
        )


def _frame(node: BaseNode) -> dict[str, Any]:
    frame = node.model_dump(mode="json", exclude=_STORED_APART, exclude_defaults=True)
    for name in _RESOURCES:
        if name in frame and (data := getattr(node, name).data):
            # LlamaIndex leaves it out of its dumps.
            frame[name]["data"] = data.decode()
    if "text_resource" in frame:
        frame["text_resource"].pop("text", None)
    frame.pop("text", None)
    if isinstance(node, IndexNode) and node.obj is not None:
        # Not in the dump of every version.
        frame["obj"] = node.dict()["obj"]
    else:
        frame.pop("obj", None)
    return frame
