"""Every operation on an index, written once: generators that yield batches of commands and are sent their replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from redis.exceptions import ResponseError

from redisvl_adapters.core import query
from redisvl_adapters.core.commands import (
    Command,
    Steps,
    is_missing_index,
    ok,
)
from redisvl_adapters.core.encoding import decode_tag, encode_tag, is_utf8
from redisvl_adapters.core.filters import Filter, matches_everything
from redisvl_adapters.core.leaves import Scope, StemsNeededError, Values, ValuesNeededError, presence, tagged
from redisvl_adapters.core.lifecycle import (
    State,
    clear,
    create,
    drop,
    look,
    open_index,
)
from redisvl_adapters.core.metadata import survey
from redisvl_adapters.core.query import Hit, Knn
from redisvl_adapters.core.record import Record, layout_of
from redisvl_adapters.core.render import render
from redisvl_adapters.core.schema import MetadataField, Schema
from redisvl_adapters.core.vectors import Vector, as_query
from redisvl_adapters.core.writing import BATCH, upsert
from redisvl_adapters.errors import (
    ArgumentError,
    UnknownFieldError,
)

__all__ = [
    "State",
    "clear",
    "count",
    "create",
    "delete",
    "delete_matching",
    "drop",
    "fetch",
    "fetch_matching",
    "filterable",
    "open_index",
    "search",
    "upsert",
]

T = TypeVar("T")


def fetch(state: State, ids: Sequence[str]) -> Steps[list[Record | None]]:
    """Return records by their ids, in that order, None where there is none."""
    _check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return [None for _ in ids]
    schema = snapshot.schema
    layout = layout_of(schema)
    found: list[Record | None] = []
    for chunk in _chunks(ids, BATCH):
        replies = yield [layout.read(record_id) for record_id in chunk]
        found += [layout.decode_reply(record_id, ok(reply)) for record_id, reply in zip(chunk, replies, strict=True)]
    return found


def fetch_matching(
    state: State, filter: Filter | None, ids: Sequence[str] | None = None, limit: int | None = None
) -> Steps[list[Record]]:
    """Return the records that match a filter and, if ids are given, are among them: all, or at most a number."""
    if ids is not None:
        _check_ids(ids)
    if ids is None or filter is not None:
        ids = yield from _find(state, (yield from _compile(state, filter)), ids, limit)
    found = yield from fetch(state, ids[:limit])
    return [record for record in found if record is not None]


def delete(state: State, ids: Sequence[str]) -> Steps[int]:
    """Delete records by their ids and return how many there were."""
    _check_ids(ids)
    snapshot = state.snapshot or (yield from look(state))
    if snapshot is None:
        return 0
    deleted = 0
    for chunk in _chunks(ids, BATCH):
        replies = yield [Command(("UNLINK", key), key) for key in map(snapshot.schema.key_of, chunk)]
        deleted += sum(map(ok, replies))
    return deleted


def delete_matching(state: State, filter: Filter | None, ids: Sequence[str] | None = None) -> Steps[int]:
    """Delete all records that match a filter and, if ids are given, are among them; return how many there were.

    Raises:
        ArgumentError: If the filter matches everything.
    """
    if ids is not None:
        _check_ids(ids)
        if filter is None:
            return (yield from delete(state, ids))
    if matches_everything(filter):
        raise ArgumentError("an empty filter would delete everything; call clear() if that is what you want")
    where = yield from _compile(state, filter)
    if ids is None and where == "*":
        raise ArgumentError(
            "the filter is always true and would delete everything; call clear() if that is what you want"
        )
    deleted = 0
    # Once more, for records that a cursor missed, until nothing is left.
    while found := (yield from _find(state, where, ids)):
        gone = yield from delete(state, found)
        if not gone:
            break
        deleted += gone
    return deleted


def filterable(state: State) -> Steps[list[MetadataField]]:
    """Return the metadata fields that can be filtered, as the server has them now."""
    snapshot = yield from look(state)
    if snapshot is not None:
        return list(snapshot.schema.aliases.values())
    return [field for field in state.spec.fields.values() if field.redis_type]


def count(state: State, filter: Filter | None = None) -> Steps[int]:
    """Count the records, or those that match a filter."""
    where = yield from _compile(state, filter)
    if where is None or state.schema is None:
        return 0
    (reply,) = yield [query.count_command(state.schema, where)]
    if is_missing_index(reply):
        state.snapshot = None
        return 0
    return query.read_total(ok(reply))


def search(
    state: State,
    vector: Vector,
    k: int,
    filter: Filter | None = None,
    *,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    vectors: bool = False,
) -> Steps[list[Hit]]:
    """Return the records nearest to a vector, nearest first.

    Args:
        state: The index.
        vector: The query, shape (dims,).
        k: How many at most.
        filter: Only records that match this.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors.

    Raises:
        ArgumentError: If k or the vector is out of range.
        FilterError: If the filter cannot be honoured.
    """
    query.check_k(k)
    if ids is not None:
        _check_ids(ids)
    where = yield from _compile(state, filter)
    schema = state.schema
    if schema is None:
        return []
    asked = as_query(vector, dims=schema.vector.dims, dtype=schema.vector.dtype, metric=schema.vector.metric)
    ids = None if ids is None else _holdable(ids)
    if where is None or k == 0 or (ids is not None and not ids):
        return []
    request = Knn(asked, k, where, ids=ids, frame=frame, vectors=vectors)
    layout = layout_of(schema)
    (reply,) = yield [query.knn_command(request, schema, layout)]
    if is_missing_index(reply):
        state.snapshot = None
        return []
    return query.read_hits(ok(reply), schema, layout)


def _compile(state: State, filter: Filter | None) -> Steps[str | None]:
    """Render a filter; on an index that does not exist or holds no records nothing matches, whatever the filter."""
    snapshot = state.snapshot or (yield from look(state))
    met: set[str] = set()
    values: dict[str, Values] = {}
    stems: dict[str, list[str]] = {}
    looked = False
    while snapshot is not None:
        try:
            return render(filter, Scope(snapshot.schema, met, looked, values, stems))
        except ValuesNeededError as needed:
            values[needed.field.alias] = yield from _values(snapshot.schema, needed.field)
        except StemsNeededError as needed:
            stems |= yield from _stems(snapshot.schema, needed.words)
        except UnknownFieldError as error:
            if not looked:
                # Somebody else may have taught the index this key.
                looked = True
                snapshot = yield from look(state)
            elif error.key not in met and (yield from _has_met(snapshot.schema, error.key)):
                met.add(error.key)
            elif snapshot.records:
                raise
            else:
                return None
    return None


def _stems(schema: Schema, words: Sequence[str]) -> Steps[dict[str, list[str]]]:
    """Return the forms under which the index has each word: itself, and its stem in all spellings."""
    replies = yield [query.explain_command(schema, word) for word in words]
    return {word: query.read_stems(ok(reply), word) for word, reply in zip(words, replies, strict=True)}


def _values(schema: Schema, field: MetadataField) -> Steps[Values]:
    """Return the values that a tag field has, by their tags."""
    (reply,) = yield [query.values_command(schema, field)]
    tags = [] if is_missing_index(reply) else [tag.decode() for tag in ok(reply)]
    values = {tag: decode_tag(tag) for tag in tags}
    unknown = [tag for tag, value in values.items() if value is None]
    # Where the tag is a digest, a record that has it tells the value.
    layout = layout_of(schema)
    for chunk in _chunks(unknown, BATCH):
        wanted = [str(tagged(field.query_name, [tag])) for tag in chunk]
        replies = yield [query.sample_command(schema, expression) for expression in wanted]
        keys = [keys[0] for reply in replies if (keys := query.read_keys(ok(reply)))]
        ids = [schema.id_of(key) for key in keys]
        for record_id, found in zip(ids, (yield [layout.read(record_id) for record_id in ids]), strict=True):
            if (record := layout.decode_reply(record_id, ok(found))) is not None:
                value = survey(record.metadata, record_id).values.get(field.key)
                texts = value if isinstance(value, list) else [value]
                values |= {encode_tag(text): text for text in texts if isinstance(text, str)}
    return {tag: value for tag, value in values.items() if value is not None}


def _has_met(schema: Schema, key: str) -> Steps[bool]:
    (reply,) = yield [query.count_command(schema, presence(key))]
    return not isinstance(reply, ResponseError) and query.read_total(reply) > 0


def _find(state: State, where: str | None, ids: Sequence[str] | None, limit: int | None = None) -> Steps[list[str]]:
    """Return the ids of the records that match, of any number, or at least as many as the limit says."""
    schema = state.schema
    if schema is None or where is None:
        return []
    keys: list[bytes] = []
    if ids is not None:
        for chunk in _chunks(_holdable(ids), BATCH):
            (reply,) = yield [query.pick_command(schema, where, chunk)]
            if not is_missing_index(reply):
                keys += query.read_keys(ok(reply))
    else:
        most = query.MAX_K if limit is None else limit
        (reply,) = yield [query.keys_command(schema, where, most)]
        if is_missing_index(reply):
            return []
        if query.is_over_limit(reply) or query.read_total(ok(reply)) > most >= query.MAX_K:
            keys += yield from _walk(schema, where, limit)
        else:
            keys += query.read_keys(ok(reply))
    return [schema.id_of(key) for key in keys]


def _walk(schema: Schema, where: str, limit: int | None) -> Steps[list[bytes]]:
    """Return the keys of the records that match by a cursor, for more than one search returns.

    A record that is indexed again while the cursor goes on can come twice, or be missed.
    """
    (reply,) = yield [query.walk_command(schema, where, BATCH)]
    keys, cursor = query.read_page(ok(reply))
    while cursor and (limit is None or len(keys) < limit):
        (reply,) = yield [query.next_command(schema, cursor, BATCH)]
        page, cursor = query.read_page(ok(reply))
        keys += page
    return list(dict.fromkeys(keys))


def _check_ids(ids: Sequence[str]) -> None:
    if isinstance(ids, str) or not isinstance(ids, Sequence):
        raise ArgumentError(f"ids is a list of ids; not {ids!r:.80}")
    for record_id in ids:
        if not isinstance(record_id, str) or not record_id or not is_utf8(record_id):
            raise ArgumentError(f"an id is a non-empty string; not {record_id!r}")


def _holdable(ids: Sequence[str]) -> list[str]:
    """Return the ids that a record can have: the server would cut the others at their NUL, and find another record."""
    return [record_id for record_id in ids if "\0" not in record_id]


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
