"""LlamaIndex's responses as text and back, with source nodes and scores."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    IndexNode,
    MediaResource,
    Node,
    NodeRelationship,
    NodeWithScore,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.errors import RecordError

_CODEC = Codec(
    [
        *(NodeWithScore, TextNode, ImageNode, IndexNode, Node, Document, ImageDocument),
        *(RelatedNodeInfo, NodeRelationship, ObjectType, MediaResource),
    ]
)
STREAMED, STRUCTURED, PLAIN = "streamed", "structured", "plain"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a response.

    Attributes:
        kind: ``plain``, ``streamed`` or ``structured``.
        text: Its text, or what makes its structured output anew; None if it has none.
        nodes: Its source nodes with their scores.
        metadata: Its metadata.
    """

    kind: str
    text: str | None
    nodes: list[NodeWithScore]
    metadata: dict[str, Any] | None


def kept_of(response: object, output_cls: type[BaseModel] | None) -> Kept:
    """Return what is kept of a response that is complete.

    Raises:
        RecordError: If it, or its structured output, could not be read back.
    """
    if type(response) is PydanticResponse:
        output = response.response
        if output is not None and type(output) is not output_cls:
            raise RecordError(
                f"the response is a {type(output).__name__}, which can only be read back if the cache is told: "
                f"output_cls={type(output).__name__}"
            )
        try:
            text = None if output is None else output.model_dump_json()
        except ValueError as error:
            raise RecordError(f"the {type(output).__name__} of the response cannot be written down: {error}") from error
        return Kept(STRUCTURED, text, response.source_nodes, response.metadata)
    if type(response) is not Response:
        raise RecordError(f"the response is a {type(response).__name__}, which could not be read back")
    return Kept(PLAIN, response.response, response.source_nodes, response.metadata)


def write_kept(kept: Kept) -> str:
    """Return what is kept of a response as text.

    Raises:
        RecordError: If a part of it could not be read back just as it is.
    """
    for hit in kept.nodes:
        if not _CODEC.knows(hit) or not _CODEC.knows(hit.node):
            raise RecordError(f"a {type(hit.node).__name__} could not be read back: it is none of LlamaIndex's own")
    parts = {"kind": kept.kind, "text": kept.text, "nodes": kept.nodes, "metadata": kept.metadata}
    return _CODEC.encode(parts, "the response")


def read_kept(text: str | bytes, output_cls: type[BaseModel] | None) -> Kept:
    """Return what a text holds of a response.

    Raises:
        ValueError: If it is no such text.
    """
    kept = Kept(**_CODEC.decode(text))
    if kept.kind not in (STREAMED, STRUCTURED, PLAIN) or not all(isinstance(hit, NodeWithScore) for hit in kept.nodes):
        raise ValueError("this is no response")
    if kept.kind == STRUCTURED:
        _structured(kept, output_cls)
    return kept


def response_of(kept: Kept, output_cls: type[BaseModel] | None) -> Response | StreamingResponse | PydanticResponse:
    """Return the response that something was kept of; one that was streamed comes in one piece."""
    if kept.kind == STRUCTURED:
        return _structured(kept, output_cls)
    if kept.kind == STREAMED:
        return StreamingResponse(_piece(kept.text or ""), kept.nodes, kept.metadata)
    return Response(kept.text, kept.nodes, kept.metadata)


def aresponse_of(
    kept: Kept, output_cls: type[BaseModel] | None
) -> Response | StreamingResponse | AsyncStreamingResponse | PydanticResponse:
    """Return the response that something was kept of, as an async query engine gives it."""
    if kept.kind == STREAMED:
        return AsyncStreamingResponse(_apiece(kept.text or ""), kept.nodes, kept.metadata)
    return response_of(kept, output_cls)


def _structured(kept: Kept, output_cls: type[BaseModel] | None) -> PydanticResponse:
    if kept.text is None:
        return PydanticResponse(None, kept.nodes, kept.metadata)
    if output_cls is None:
        raise ValueError("the cache was not told the output_cls of this response")
    return PydanticResponse(output_cls.model_validate_json(kept.text), kept.nodes, kept.metadata)


def _piece(text: str) -> Generator[str, None, None]:
    yield text


async def _apiece(text: str) -> AsyncGenerator[str, None]:
    yield text
