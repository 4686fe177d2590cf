"""Chat messages of LlamaIndex, with every kind of block, as entries and back, equal to the last field."""

from __future__ import annotations

import io
from base64 import b64decode
from pathlib import Path
from typing import Any, get_args

import pytest
from llama_index.core.base.llms import types
from llama_index.core.base.llms.types import AudioBlock, ChatMessage, ImageBlock, MessageRole, TextBlock
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import ImageDocument, NodeRelationship, RelatedNodeInfo, TextNode

from redisvl_adapters.errors import RecordError
from redisvl_adapters.llama_index.messages import _BLOCKS, FORMAT

PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


class Function(BaseModel):
    name: str
    arguments: str


def new(name: str, **fields: Any) -> list[Any]:
    """Return a block of a kind that older versions lack, or nothing."""
    kind: Any = getattr(types, name, None)
    return [kind(**fields)] if kind in _BLOCKS else []


BLOCKS: list[Any] = [
    TextBlock(text="käse\n\0"),
    ImageBlock(image=PNG, detail="low"),
    ImageBlock(url="https://example.com/a.png"),
    ImageBlock(image=b"not an image"),
    AudioBlock(audio=b"\x00\x01", format="wav"),
    *new("VideoBlock", video=b"\x00\x01", video_mimetype="video/mp4", fps=2),
    *new("DocumentBlock", data=b"%PDF-1.4", title="a paper"),
    *new("DocumentBlock", data=b"no magic"),
    *new("ThinkingBlock", content="hm", num_tokens=2, additional_information={"signature": b"\xff"}),
    *new("ToolCallBlock", tool_call_id="call-1", tool_name="search", tool_kwargs={"query": "a", "k": [1, None]}),
    *new("CachePoint", cache_control={"type": "ephemeral"}),
    *new("CitableBlock", title="t", source="s", content=[TextBlock(text="a"), ImageBlock(image=PNG)]),
    *new("CitationBlock", title="t", source="s", cited_content="a", additional_location_info={"page": 3}),
]
NODE = TextNode(
    id_="n", text="a", metadata={"page": 3}, relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id="d")}
)

EXAMPLES = [
    ChatMessage("hello"),
    ChatMessage(),
    ChatMessage(role=MessageRole.ASSISTANT, blocks=BLOCKS),
    ChatMessage(role=MessageRole.TOOL, content="42", additional_kwargs={"tool_call_id": "call-1", "raw": b"\xff"}),
    ChatMessage("", additional_kwargs={"nodes": [NODE], "pair": (1, 2)}),
    *[ChatMessage("as any role", role=role) for role in MessageRole],
]


def again(message: ChatMessage) -> ChatMessage:
    (entry,) = FORMAT.write([message])
    (read,) = FORMAT.read([entry.encode()], "key")
    return read


def test_no_kind_of_block_is_missing_here() -> None:
    assert {type(block) for block in BLOCKS} == set(_BLOCKS)


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: str(message.role.value))
def test_a_message_comes_back_equal_to_the_last_field(message: ChatMessage) -> None:
    before = message.model_copy(deep=True)
    read = again(message)
    assert read == message == before
    assert type(read.role) is MessageRole
    assert [type(block) for block in read.blocks] == [type(block) for block in message.blocks]
    assert read.model_dump() == message.model_dump()


def test_an_image_whose_file_is_gone_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(PNG)
    message = ChatMessage([ImageBlock(path=file)])
    file.unlink()
    assert again(message) == message


@pytest.mark.skipif(
    io.IOBase not in get_args(ImageBlock.model_fields["image"].annotation),
    reason="blocks of this LlamaIndex hold no files",
)
def test_an_image_that_is_a_file_comes_back_as_one() -> None:
    (block,) = again(ChatMessage([ImageBlock(image=io.BytesIO(PNG), image_mimetype="image/png")])).blocks
    assert isinstance(block, ImageBlock)
    assert block.resolve_image().read() == PNG


def test_images_of_the_old_kind_are_not_added_once_more() -> None:
    message = ChatMessage("look", additional_kwargs={"images": [ImageDocument(image=PNG)]})
    assert len(message.blocks) == 2
    assert again(again(message)) == message


def test_models_of_other_packages_become_dicts() -> None:
    calls = [{"id": "call-1", "function": Function(name="search", arguments="{}")}]
    read = again(ChatMessage("", additional_kwargs={"tool_calls": calls}))
    assert read.additional_kwargs == {
        "tool_calls": [{"id": "call-1", "function": {"name": "search", "arguments": "{}"}}]
    }


class OwnMessage(ChatMessage):
    pass


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("hello", r"message 0 \(str\) is of a type"),
        (OwnMessage(blocks=[TextBlock(text="a")]), r"message 0 \(OwnMessage\) is of a type"),
        (
            ChatMessage("a", additional_kwargs={"b": [object()]}),
            r"message 0 \(ChatMessage\)\.additional_kwargs\.b\[0\]",
        ),
    ],
    ids=["text", "subclass", "value"],
)
def test_what_could_not_be_read_back_is_refused(message: Any, said: str) -> None:
    with pytest.raises(RecordError, match=said):
        FORMAT.write([message])
