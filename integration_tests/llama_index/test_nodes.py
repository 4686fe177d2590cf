"""Nodes come back as what they were: type, text, metadata, relationships, templates and images, to the last field."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from llama_index.core.bridge.pydantic import AnyUrl
from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)

from integration_tests.conftest import Call
from integration_tests.llama_index.llama_index_support import AHEAD, ask, bare, open_store, text_node
from redisvl_adapters.errors import RecordError
from redisvl_adapters.llama_index import RedisVectorStore

PIXEL = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
RELATED = {
    NodeRelationship.SOURCE: RelatedNodeInfo(
        node_id="doc: ä|1", node_type=ObjectType.DOCUMENT, metadata={"page": 1, "tags": ["x"]}, hash="abc"
    ),
    NodeRelationship.PREVIOUS: RelatedNodeInfo(node_id="before", node_type=ObjectType.TEXT),
    NodeRelationship.NEXT: RelatedNodeInfo(node_id="after"),
    NodeRelationship.PARENT: RelatedNodeInfo(node_id="above", node_type=ObjectType.INDEX, metadata={"deep": {"er": 1}}),
    NodeRelationship.CHILD: [RelatedNodeInfo(node_id="child 1"), RelatedNodeInfo(node_id="child 2", hash="def")],
}
METADATA: dict[str, Any] = {"page": 7, "title": "ä, b|c", "nested": {"deep": [1, {"er": None}]}, "empty": ""}
COMMON: dict[str, Any] = {
    "metadata": METADATA,
    "relationships": RELATED,
    "excluded_embed_metadata_keys": ["page"],
    "excluded_llm_metadata_keys": ["title", "empty"],
    "metadata_template": "{key} => {value}",
    "metadata_separator": " | ",
    "text_template": "[{metadata_str}] {content}",
}
NODES: dict[str, BaseNode] = {
    "a plain text node": TextNode(text="plain"),
    "a text node with everything": TextNode(
        text=" Text,\n\twith blanks, 日本語 and 🙂 ", mimetype="text/html", start_char_idx=0, end_char_idx=41, **COMMON
    ),
    "a text node without text": TextNode(text="", metadata={"sub_dicts": []}),
    "an image node with data": ImageNode(text="a cat", image="aGVsbG8=", image_mimetype="image/png", **COMMON),
    "an image node with a path": ImageNode(image_path="pictures/cat.png", text_embedding=[0.1, 0.2]),
    "an image node with a URL": ImageNode(image_url="https://example.org/cat.png?a=1&b=2", text="a cat"),
    "an index node": IndexNode.from_dict({"text": "see there", "index_id": "other", **COMMON}),
    "an index node with a node": IndexNode(
        text="see there", index_id="other", obj=TextNode(id_="inner", text="inside", metadata={"page": 3})
    ),
    "an index node with an index node": IndexNode(
        text="see there", index_id="other", obj=IndexNode(id_="inner", text="further", index_id="third")
    ),
    "a document": Document(text="the whole document", **COMMON),
    "a document without text": Document(metadata={"page": 1}),
    "a node with images and sounds": Node(
        text_resource=MediaResource(text="see and hear", path=Path("notes/a.txt"), mimetype="text/plain"),
        image_resource=MediaResource(data=PIXEL, url=AnyUrl("https://example.org/pixel.png")),
        audio_resource=MediaResource(data=bytes(range(256)), mimetype="audio/wav"),
        video_resource=MediaResource(path=Path("films/a.mp4")),
        **COMMON,
    ),
    "a node with an image alone": Node(image_resource=MediaResource(data=PIXEL)),
    "a node with embeddings in its resources": Node(
        text_resource=MediaResource(text="x", embeddings={"dense": [0.25, 1e-7], "sparse": [1.0]})
    ),
    "an image document": ImageDocument(text="a cat", image=PIXEL, image_mimetype="image/png", metadata={"page": 2}),
}


@pytest.fixture
async def store(redis_url: str, index_name: str, storage: str) -> AsyncIterator[RedisVectorStore]:
    """An empty store."""
    async with open_store(redis_url, index_name, storage) as store:
        yield store


@pytest.mark.parametrize("kind", NODES)
async def test_a_node_comes_back_equal_to_the_last_field(store: RedisVectorStore, call: Call, kind: str) -> None:
    """llama-index 10: image, index and document nodes came back as text nodes."""
    node = NODES[kind].model_copy(update={"embedding": AHEAD}, deep=True)
    await call(store, "add", [node])
    (got,) = await call(store, "get_nodes", [node.node_id])
    result = await ask(call, store)
    for back in (got, *(result.nodes)):
        assert type(back) is type(node)
        assert back == bare(node)
        assert back.hash == node.hash
        assert back.relationships == node.relationships
        assert back.ref_doc_id == node.ref_doc_id
        assert back.to_dict() == bare(node).to_dict()
    assert len(result.nodes) == 1


async def test_data_in_resources_and_related_types_come_back(store: RedisVectorStore, call: Call) -> None:
    kinds = ("a node with images and sounds", "an image document", "an index node with a node")
    nodes: list[Any] = [NODES[kind].model_copy(update={"embedding": AHEAD}) for kind in kinds]
    await call(store, "add", nodes)
    media, document, index_node = await call(store, "get_nodes", [node.node_id for node in nodes])
    assert media.image_resource.data == nodes[0].image_resource.data is not None
    assert media.audio_resource.data == nodes[0].audio_resource.data is not None
    assert document.image_resource.data == nodes[1].image_resource.data is not None
    assert (type(index_node.obj), index_node.obj) == (TextNode, nodes[2].obj)
    assert media.source_node.node_type == ObjectType.DOCUMENT
    assert [child.node_id for child in media.child_nodes] == ["child 1", "child 2"]


METADATAS: dict[str, dict[str, Any]] = {
    "numbers": {"int": 3, "float": 3.0, "tiny": 5e-324, "huge": 1.7976931348623157e308, "third": 1 / 3, "neg": -0.0},
    "booleans and None": {"yes": True, "no": False, "none": None},
    "text": {"empty": "", "blank": " ", "digits": "00710", "json": '{"a": 1}', "nul": "a\x00b", "emoji": "🙂"},
    "lists": {"empty": [], "texts": ["a", "b"], "numbers": [1, 2.5], "mixed": [1, "a", None, True], "deep": [[1], []]},
    "mappings": {"empty": {}, "nested": {"a": {"b": {"c": [1, {"d": 2}]}}}, "a.b": 1, "a": {"b": 2}},
    "names of the layout": {
        name: f"mine: {name}"
        for name in (
            *("id", "id_", "text", "embedding", "metadata", "index", "score", "payload", "self", "vector_distance"),
            *("_node", "_keys", "_doc_id", "_exact", "__key", "doc_id", "ref_doc_id", "node_id", "class_name"),
            *("$", "$.text", "@text", "a b", "a-b", "ä", "*", "", "{}", "TAG", "AS"),
        )
    },
}


@pytest.mark.parametrize("kind", METADATAS)
async def test_metadata_comes_back_equal_with_its_types(store: RedisVectorStore, call: Call, kind: str) -> None:
    """llama-index 11: lists, None, booleans and mappings were errors, and a key ``id`` changed the record's key."""
    metadata = METADATAS[kind]
    await call(store, "add", [TextNode(id_="a", text="x", metadata=metadata, embedding=AHEAD)])
    (got,) = await call(store, "get_nodes", ["a"])
    found = (await ask(call, store)).nodes
    for back in (got, *found):
        assert repr(back.metadata) == repr(metadata)
    assert len(found) == 1


async def test_values_beyond_json_come_back_in_their_documented_form(store: RedisVectorStore, call: Call) -> None:
    given: dict[str, Any] = {
        "moment": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
        "day": date(2024, 2, 29),
        "uuid": UUID(int=7),
        "decimal": Decimal("2.5"),
        "numpy": np.float32(0.5),
        "numpy int": np.int64(7),
        "tuple": ("a", 1),
        "set": {"b", "a"},
    }
    await call(store, "add", [text_node("a", **given)])
    (back,) = await call(store, "get_nodes", ["a"])
    assert repr(back.metadata) == repr(
        {
            "moment": "2024-02-29T12:30:00+00:00",
            "day": "2024-02-29",
            "uuid": "00000000-0000-0000-0000-000000000007",
            "decimal": 2.5,
            "numpy": 0.5,
            "numpy int": 7,
            "tuple": ["a", 1],
            "set": ["a", "b"],
        }
    )


async def test_output_fields_choose_the_metadata_that_is_returned(store: RedisVectorStore, call: Call) -> None:
    """llama-index 8: output_fields were ignored."""
    metadata: dict[str, Any] = {"year": 1, "colour": "red", "a.b": 1}
    await call(store, "add", [text_node("a", "the text", source="doc", **metadata)])
    for fields, left in (
        (["year"], {"year": 1}),
        (["colour", "gone"], {"colour": "red"}),
        (["a.b", "year"], {"year": 1, "a.b": 1}),
        ([], {}),
    ):
        (node,) = (await ask(call, store, output_fields=fields)).nodes
        assert node.metadata == left
        assert (node.node_id, node.get_content(), node.ref_doc_id) == ("a", "the text", "doc")


async def test_a_node_type_that_could_not_be_restored_is_refused(store: RedisVectorStore, call: Call) -> None:
    class Fancy(TextNode):
        extra: int = 1

    with pytest.raises(RecordError, match="Fancy"):
        await call(store, "add", [text_node("a"), Fancy(id_="b", text="x", embedding=AHEAD)])
    assert await call(store, "get_nodes") == []


async def test_embeddings_do_not_come_back(store: RedisVectorStore, call: Call) -> None:
    await call(store, "add", [text_node("a")])
    (got,) = await call(store, "get_nodes")
    (found,) = (await ask(call, store)).nodes
    assert got.embedding is None
    assert found.embedding is None
