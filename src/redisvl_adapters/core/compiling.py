"""From a filter to a condition on one index, asking the server for what only it knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core import query
from redisvl_adapters.core.clauses import NOTHING, Condition
from redisvl_adapters.core.commands import Steps, is_missing_index, ok
from redisvl_adapters.core.encoding import decode_tag, encode_tag
from redisvl_adapters.core.filters import MAX_DEPTH, And, Compare, Filter, Not, Operator, Or
from redisvl_adapters.core.leaves import Scope, StemsNeededError, Values, ValuesNeededError, presence, tagged
from redisvl_adapters.core.lifecycle import State, look
from redisvl_adapters.core.metadata import survey
from redisvl_adapters.core.record import layout_of
from redisvl_adapters.core.render import render
from redisvl_adapters.core.schema import MetadataField, Schema
from redisvl_adapters.core.writing import BATCH
from redisvl_adapters.errors import UnknownFieldError

_MAX_STEMS = 10_000


def compile_filter(state: State, filter: Filter | None) -> Steps[Condition]:
    """Return the condition of a filter; on an index without records nothing matches, whatever the filter.

    Raises:
        FilterError: If the filter cannot be honoured.
    """
    snapshot = state.snapshot or (yield from look(state))
    key = filter_key(filter)
    if snapshot is not None and key is not None and (known := snapshot.compiled.get(key)) is not None:
        return known
    met: set[str] = set()
    values: dict[str, Values] = {}
    looked = False
    while snapshot is not None:
        try:
            condition = render(filter, Scope(snapshot.schema, met, looked, values, state.stems))
        except ValuesNeededError as needed:
            values[needed.field.alias] = yield from _values(snapshot.schema, needed.field)
        except StemsNeededError as needed:
            yield from learn_stems(state, snapshot.schema, needed.words)
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
                return NOTHING
        else:
            if key is not None and not looked and not values and len(snapshot.compiled) < MAX_REMEMBERED:
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


def learn_stems(state: State, schema: Schema, words: Sequence[str]) -> Steps[list[Sequence[str]]]:
    """Return the forms under which the index has each word: itself, and its stem in all spellings.

    They depend on the word alone, so those that were asked for once are remembered.
    """
    stems = state.stems
    unknown = [word for word in dict.fromkeys(words) if word not in stems]
    if unknown:
        replies = yield [query.explain_command(schema, word) for word in unknown]
        if len(stems) > _MAX_STEMS:
            stems = state.stems = {word: stems[word] for word in words if word in stems}
        for word, reply in zip(unknown, replies, strict=True):
            stems[word] = [word] if is_missing_index(reply) else query.read_stems(ok(reply), word)
    return [stems[word] for word in words]


def _values(schema: Schema, field: MetadataField) -> Steps[Values]:
    """Return the values that a tag field has, by their tags."""
    (reply,) = yield [query.values_command(schema, field)]
    tags = [] if is_missing_index(reply) else [tag.decode() for tag in ok(reply)]
    values = {tag: decode_tag(tag) for tag in tags}
    unknown = [tag for tag, value in values.items() if value is None]
    # Where the tag is a digest, a record that has it tells the value.
    layout = layout_of(schema)
    for start in range(0, len(unknown), BATCH):
        wanted = [str(tagged(field.query_name, [tag])) for tag in unknown[start : start + BATCH]]
        replies = yield [query.keys_command(schema, where, 1) for where in wanted]
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
