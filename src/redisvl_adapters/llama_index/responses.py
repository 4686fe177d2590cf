"""The stored form of LlamaIndex's responses, with their source nodes and scores."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.bridge.pydantic import BaseModel
from llama_index.core.schema import NodeWithScore

from redisvl_adapters.core.serialization.codec import Codec
from redisvl_adapters.errors import RecordError
from redisvl_adapters.llama_index.node_types import NODE_PARTS, NODE_TYPES

_CODEC = Codec([NodeWithScore, *NODE_TYPES, *NODE_PARTS])
_KINDS = PLAIN, STREAMED, STRUCTURED = "plain", "streamed", "structured"


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """What a cache keeps of a response.

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


def to_cached(response: object, output_cls: type[BaseModel] | None) -> CachedResponse:
    """Return what a cache keeps of a response that is complete.

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
            back = None if text is None or output_cls is None else output_cls.model_validate_json(text)
        except ValueError as error:
            raise RecordError(f"the {type(output).__name__} of the response cannot be written down: {error}") from error
        if back != output:
            raise RecordError(f"the {type(output).__name__} of the response would come back with other values")
        return CachedResponse(STRUCTURED, text, response.source_nodes, response.metadata)
    if type(response) is not Response:
        raise RecordError(f"the response is a {type(response).__name__}, which could not be read back")
    return CachedResponse(PLAIN, response.response, response.source_nodes, response.metadata)


def to_cached_stream(pieces: Sequence[str], response: StreamingResponse | AsyncStreamingResponse) -> CachedResponse:
    """Return what a cache keeps of a response whose pieces have all been passed on."""
    return CachedResponse(STREAMED, "".join(pieces), response.source_nodes, response.metadata)


def encode_cached(cached: CachedResponse) -> str:
    """Return the text in which a response is stored.

    Raises:
        RecordError: If a part of it could not be read back just as it is.
    """
    for hit in cached.nodes:
        if not _CODEC.knows(hit) or not _CODEC.knows(hit.node):
            raise RecordError(f"a {type(hit.node).__name__} could not be read back: it is none of LlamaIndex's own")
    parts = {"kind": cached.kind, "text": cached.text, "nodes": cached.nodes, "metadata": cached.metadata}
    return _CODEC.encode(parts, "the response")


def decode_cached(text: str | bytes, output_cls: type[BaseModel] | None) -> CachedResponse:
    """Return the response that is stored in a text.

    Raises:
        ValueError: If the text is not what ``encode_cached`` writes.
    """
    cached = CachedResponse(**_CODEC.decode(text))
    if cached.kind not in _KINDS or not all(isinstance(hit, NodeWithScore) for hit in cached.nodes):
        raise ValueError("this is no response")
    if cached.kind == STRUCTURED:
        _structured(cached, output_cls)
    return cached


def to_response(
    cached: CachedResponse, output_cls: type[BaseModel] | None
) -> Response | StreamingResponse | PydanticResponse:
    """Return a response from the cache; one that was streamed comes in one piece."""
    if cached.kind == STRUCTURED:
        return _structured(cached, output_cls)
    if cached.kind == STREAMED:
        return StreamingResponse(_piece(cached.text or ""), cached.nodes, cached.metadata)
    return Response(cached.text, cached.nodes, cached.metadata)


def to_async_response(
    cached: CachedResponse, output_cls: type[BaseModel] | None
) -> Response | StreamingResponse | AsyncStreamingResponse | PydanticResponse:
    """Return a response from the cache, as an async query engine gives it."""
    if cached.kind == STREAMED:
        return AsyncStreamingResponse(_apiece(cached.text or ""), cached.nodes, cached.metadata)
    return to_response(cached, output_cls)


def _structured(cached: CachedResponse, output_cls: type[BaseModel] | None) -> PydanticResponse:
    if cached.text is None:
        return PydanticResponse(None, cached.nodes, cached.metadata)
    if output_cls is None:
        raise ValueError("the cache was not told the output_cls of this response")
    return PydanticResponse(output_cls.model_validate_json(cached.text), cached.nodes, cached.metadata)


def _piece(text: str) -> Generator[str, None, None]:
    yield text


async def _apiece(text: str) -> AsyncGenerator[str, None]:
    yield text
