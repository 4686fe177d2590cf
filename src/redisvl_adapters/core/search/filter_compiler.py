"""Compiling a filter for an index: rendering it, and asking the server for what only it knows."""

from __future__ import annotations

from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core.filters.algebra import MAX_DEPTH, And, Compare, Filter, Not, Operator, Or
from redisvl_adapters.core.filters.conditions import NOTHING, Condition
from redisvl_adapters.core.filters.context import RenderContext, StemsNeededError, TagValues, ValuesNeededError
from redisvl_adapters.core.filters.render import render
from redisvl_adapters.core.filters.tag_queries import presence_query, tag_query
from redisvl_adapters.core.index.record_keys import (
    count_command,
    keys_command,
    read_keys,
    read_total,
    tag_values_command,
)
from redisvl_adapters.core.index.snapshot import IndexState, read_snapshot
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.tag_encoding import decode_tag, encode_tag
from redisvl_adapters.core.search.stems import learn_stems
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps
from redisvl_adapters.core.server.replies import is_missing_index, ok
from redisvl_adapters.errors import UnknownFieldError


def compile_filter(state: IndexState, filter: Filter | None) -> Steps[Condition]:
    """Return the condition of a filter; on an index without records nothing matches, whatever the filter.

    Raises:
        FilterError: If the filter cannot be honoured.
    """
    snapshot = state.snapshot or (yield from read_snapshot(state))
    key = filter_key(filter)
    if snapshot is not None and key is not None and (known := snapshot.compiled.get(key)) is not None:
        return known
    known_keys: set[str] = set()
    values: dict[str, TagValues] = {}
    is_fresh = False
    while snapshot is not None:
        try:
            condition = render(filter, RenderContext(snapshot.schema, known_keys, is_fresh, values, state.stems))
        except ValuesNeededError as needed:
            values[needed.field.alias] = yield from _tag_values(snapshot.schema, needed.field)
        except StemsNeededError as needed:
            yield from learn_stems(state, snapshot.schema, needed.words)
        except UnknownFieldError as error:
            if not is_fresh:
                # Somebody else may have taught the index this key.
                is_fresh = True
                snapshot = yield from read_snapshot(state)
            elif error.key not in known_keys and (yield from _is_known_key(snapshot.schema, error.key)):
                known_keys.add(error.key)
            elif snapshot.records:
                raise
            else:
                return NOTHING
        else:
            if key is not None and not is_fresh and not values and len(snapshot.compiled) < MAX_REMEMBERED:
                snapshot.compiled[key] = condition
            return condition
    return NOTHING


MAX_REMEMBERED = 1000
"""How many conditions and how many plans are kept of one snapshot."""
_PLAIN = frozenset({str, int, float, bool})


def filter_key(filter: Filter | None, depth: int = 0) -> tuple[Any, ...] | None:
    """Return what a filter is remembered by, if its operands are plain; 1, 1.0 and True are not the same."""
    if depth > MAX_DEPTH:
        return None
    if filter is None:
        return ()
    if isinstance(filter, Compare):
        key, operator, value = filter.key, filter.operator, filter.value
        if type(key) is not str or type(operator) is not Operator or type(value) not in _PLAIN:
            return None
        # By the name of the operator, which is quicker to look up.
        return key, operator.value, type(value), value
    if isinstance(filter, And | Or | Not):
        parts = [filter_key(child, depth + 1) for child in filter.children]
        return None if None in parts else (type(filter), *parts)
    return None


def _tag_values(schema: Schema, field: MetadataField) -> Steps[TagValues]:
    """Return the values that a tag field has, by their tags."""
    (reply,) = yield [tag_values_command(schema, field)]
    tags = [] if is_missing_index(reply) else [tag.decode() for tag in ok(reply)]
    values = {tag: decode_tag(tag) for tag in tags}
    unknown = [tag for tag, value in values.items() if value is None]
    # Where the tag is a digest, a record that has it tells the value.
    layout = layout_of(schema)
    for start in range(0, len(unknown), BATCH_SIZE):
        wanted = [str(tag_query(field.query_name, [tag])) for tag in unknown[start : start + BATCH_SIZE]]
        replies = yield [keys_command(schema, where, 1) for where in wanted]
        keys = [keys[0] for reply in replies if (keys := read_keys(ok(reply)))]
        ids = [schema.id_of(key) for key in keys]
        for record_id, found in zip(ids, (yield [layout.read(record_id) for record_id in ids]), strict=True):
            if (record := layout.decode_reply(record_id, ok(found))) is not None:
                value = check_metadata(record.metadata, record_id).values.get(field.key)
                texts = value if isinstance(value, list) else [value]
                values |= {encode_tag(text): text for text in texts if isinstance(text, str)}
    return {tag: value for tag, value in values.items() if value is not None}


def _is_known_key(schema: Schema, key: str) -> Steps[bool]:
    (reply,) = yield [count_command(schema, presence_query(key))]
    return not isinstance(reply, ResponseError) and read_total(reply) > 0
