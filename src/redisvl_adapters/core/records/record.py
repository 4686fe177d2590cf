"""A record, its ids, and its name in errors."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from numpy.typing import NDArray
from ulid import ULID

from redisvl_adapters.core.records.metadata import check_metadata


@dataclass(slots=True)
class Record:
    """A text with its metadata, and its vector where that was asked for.

    Attributes:
        id: Any non-empty string.
        text: The text.
        metadata: Anything that JSON can hold, by string keys.
        source: The id of the source document (LlamaIndex: ``ref_doc_id``), if there is one. Written, so that records
            can be found by it, but not read back: the frame has it too.
        frame: What LlamaIndex needs beyond this to restore its node, as JSON text.
        vector: The vector, shape (dims,).
        vectors: Its vectors beside that one, by name, where those were asked for or are to be written.
        ttl_ms: Milliseconds after which it expires, if it is to be written and says so itself.
    """

    id: str
    text: str
    metadata: dict[str, Any] = field(default_factory=dict)
    source: str | None = None
    frame: str | None = None
    vector: NDArray[Any] | None = None
    ttl_ms: int | None = None
    vectors: dict[str, NDArray[Any]] | None = None


def new_id() -> str:
    """Return a fresh id: a ULID, which sorts by the time it was made."""
    return str(ULID())


def content_id(text: str, metadata: Mapping[str, Any], scope: Mapping[str, Any] | None = None) -> str:
    """Return the id that the same text with the same metadata always gets: 32 hexadecimal digits.

    Args:
        text: The text.
        metadata: The metadata.
        scope: What else a scoped store writes with it, as JSON holds it.

    Raises:
        RecordError: If the metadata holds what cannot be stored.
    """
    plain = check_metadata(metadata, "a record without an id").plain
    content = orjson.dumps([text, {**plain, **(scope or {})}], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def frame_source(frame: str | None) -> str | None:
    """Return the id of the source document that a frame tells of, if there is one."""
    relationships = None if frame is None else orjson.loads(frame).get("relationships")
    # The name that LlamaIndex's NodeRelationship.SOURCE has in JSON.
    source = relationships.get("1") if isinstance(relationships, dict) else None
    return source.get("node_id") if isinstance(source, dict) else None


def describe_record(position: int, record_id: str) -> str:
    """Name a record in an error."""
    return f"record {position} (id {record_id!r:.80})"
