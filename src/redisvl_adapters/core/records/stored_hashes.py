"""Records as they lie in hashes, to be carried into another index without being decoded and encoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.record import Record, frame_source
from redisvl_adapters.core.records.replace_script import Write
from redisvl_adapters.core.records.vectors import vector_size
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import FRAME, KEYS, METADATA, SEARCHED, SOURCE, TEXT, TYPED
from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR, decode_tag


class StoredHash(NamedTuple):
    """A record as it lies in a hash.

    Attributes:
        id: The id of the record.
        fields: All fields of the hash.
        ttl_ms: The milliseconds that are left to it; None if it does not expire.
    """

    id: str
    fields: Mapping[bytes, bytes]
    ttl_ms: int | None

    def write(self, schema: Schema, ttl_ms: int | None) -> Write:
        """Return what writes it to an index whose hashes lie alike.

        Args:
            schema: The index.
            ttl_ms: Milliseconds until it expires, if it does not say so itself.
        """
        parts = [part for pair in self.fields.items() for part in pair]
        return Write(schema.key_of(self.id), ttl_ms if self.ttl_ms is None else self.ttl_ms, parts)

    def decode(self, schema: Schema) -> Record:
        """Return the record, with its vector and its time to live.

        Args:
            schema: The index that it lies in.
        """
        names = (TEXT, METADATA, FRAME, schema.vector.name)
        record = layout_of(schema).decode_reply(self.id, [self.fields.get(name.encode()) for name in names])
        if record is None:
            raise ValueError(f"{self.id!r:.80} is no record")
        record.ttl_ms, record.source = self.ttl_ms, frame_source(record.frame)
        return record


def are_hashes_alike(schema: Schema, other: Schema) -> bool:
    """Tell whether the hashes of one index, as they are, are records of another one, all but their keys.

    What the other index has to know of their metadata keys, it knows.
    """
    return (
        schema.storage == "hash"
        and schema.foreign is None
        and other.foreign is None
        and not (schema.vectors or other.vectors)
        and schema.vector.metric == other.vector.metric
        and schema.untyped_keys <= other.untyped_keys
        and replace(schema, prefix=other.prefix).lays_out_like(other)
    )


class HashCheck:
    """Tells which hashes of an index are records that can be carried over as they are."""

    def __init__(self, schema: Schema) -> None:
        own = (TEXT, METADATA, SEARCHED, KEYS, TYPED, SOURCE, FRAME, schema.vector.name)
        self._names = {name.encode() for name in (*own, *schema.aliases)}
        self._vector = schema.vector.name.encode()
        self._needed = {name.encode() for name in (TEXT, METADATA, SEARCHED, KEYS, schema.vector.name)}
        self._size = vector_size(schema.vector)
        self._keys = schema.fields.keys() | schema.untyped_keys
        self._known = set[bytes]()

    def is_plain(self, fields: Mapping[bytes, bytes]) -> bool:
        """Tell whether a hash is a record with nothing beside it, and without a key that its index does not know."""
        if not (
            fields.keys() <= self._names and self._needed <= fields.keys() and len(fields[self._vector]) == self._size
        ):
            return False
        tags = fields[_KEYS]
        if tags not in self._known:
            if not all(map(self._knows, tags.decode().split(TAG_SEPARATOR))):
                return False
            self._known.add(tags)
        return True

    def _knows(self, tag: str) -> bool:
        told = decode_tag(tag)
        return told is not None and (told.startswith("=") or told[1:] in self._keys)


_KEYS = KEYS.encode()
