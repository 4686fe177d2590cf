"""Compiling a filter for an index: rendering it, and asking the server for what only it knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from redisvl_adapters.core.filters.algebra import MAX_DEPTH, And, Compare, Filter, Not, Operator, Or
from redisvl_adapters.core.filters.conditions import NOTHING, Condition
from redisvl_adapters.core.filters.context import RenderContext, TagValues, ValuesNeededError
from redisvl_adapters.core.filters.field_queries import MAX_VALUES, remedy
from redisvl_adapters.core.filters.render import render
from redisvl_adapters.core.filters.server_words import StemsNeededError
from redisvl_adapters.core.filters.tag_queries import presence_query, tag_query
from redisvl_adapters.core.index.readiness import whole_snapshot
from redisvl_adapters.core.index.record_keys import (
    count_command,
    keys_command,
    read_keys,
    read_total,
    tag_values_command,
)
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot, read_snapshot
from redisvl_adapters.core.records.field_values import as_list
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.projection import typed_texts
from redisvl_adapters.core.schema.field_names import escape_field_name
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.stored_fields import TYPED
from redisvl_adapters.core.schema.tag_encoding import decode_tag, encode_tag
from redisvl_adapters.core.search.server_stems import learn_stems
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.core.server.noted_warnings import warn
from redisvl_adapters.core.server.replies import is_missing_index, ok
from redisvl_adapters.errors import FilterError, UnknownFieldError, UnknownFieldWarning


def compile_filter(state: IndexState, filter: Filter | None, language: str | None = None) -> Steps[Condition]:
    """Return the condition of a filter, and of the scope of the state.

    A key that no record has had finds nothing, with a warning; where everything would match for that, it is an error.

    Args:
        state: The index.
        filter: The filter; None for all records.
        language: The language of the words in it; None for that of the index.

    Raises:
        UnknownFieldError: If the filter names such a key where everything would match.
        FilterError: If the filter cannot be honoured.
    """
    condition, _ = yield from _compile(state, filter, language, strict=False)
    return condition


def compile_for_delete(state: IndexState, filter: Filter | None) -> Steps[tuple[Condition, Snapshot | None]]:
    """Return the condition of a filter by which records are deleted, and the snapshot that it was compiled for.

    The scope of the state is in it. The state may have another snapshot by now; there is none if there is no index.

    Raises:
        UnknownFieldError: If the filter names a key that no record has had.
        FilterError: If the filter cannot be honoured.
    """
    return (yield from _compile(state, filter, None, strict=True))


def is_always_true(state: IndexState, condition: Condition) -> Steps[bool]:
    """Tell whether a condition of ``compile_for_delete`` holds for all records, or for all within the scope."""
    everything, _ = yield from compile_for_delete(state, None)
    return condition != NOTHING and condition == everything


def _compile(
    state: IndexState, filter: Filter | None, language: str | None, *, strict: bool
) -> Steps[tuple[Condition, Snapshot | None]]:
    scope = state.scope
    filter = filter if scope is None else scope.within(filter)
    snapshot = state.snapshot or (yield from read_snapshot(state))
    # What a search remembered may name keys that a delete refuses.
    key = None if strict or language is not None else filter_key(filter)
    if snapshot is not None and key is not None and (known := snapshot.compiled.get(key)) is not None:
        return known, snapshot
    never_met: dict[str, UnknownFieldError] = {}
    present: set[str] = set()
    values: dict[str, TagValues] = {}
    is_fresh = False
    while True:
        # Before the first record a filter means the same as after the last one.
        schema = snapshot.schema if snapshot else state.spec.draft()
        try:
            if scope is not None and not scope.lacks(schema):
                scope.projection(schema)
            condition = render(filter, RenderContext(schema, is_fresh, never_met, present, strict, values, language))
        except StemsNeededError as needed:
            yield from learn_stems(schema, needed.words)
        except ValuesNeededError as needed:
            values[needed.alias] = (yield from _tag_values(snapshot, needed.alias)) if snapshot else {}
        except FilterError as error:
            is_of_scope = scope is not None and isinstance(error, UnknownFieldError) and error.key in scope.plain
            if not is_fresh and snapshot is not None:
                # Somebody else may have taught the index this key, or values of this type.
                is_fresh = True
                snapshot = yield from whole_snapshot(state, anew=True)
            elif not isinstance(error, UnknownFieldError) or error.key in never_met:
                raise
            elif error.key in present:
                raise _not_filterable(error.key, schema, state.spec) from None
            elif snapshot is not None and (yield from is_known_key(snapshot.schema, error.key)):
                present.add(error.key)
                # Somebody else may have taught it, and written the record, since the index was looked at.
                snapshot = yield from whole_snapshot(state, anew=True)
            elif strict and not is_of_scope:
                raise
            else:
                never_met[error.key] = error
        else:
            if snapshot is None:
                condition = NOTHING
            elif key is not None and not is_fresh and not values and len(snapshot.compiled) < MAX_REMEMBERED:
                snapshot.compiled[key] = condition
            _warn_of(never_met, state)
            return condition, snapshot


def _warn_of(never_met: Mapping[str, UnknownFieldError], state: IndexState) -> None:
    # A scope has no records before the first one is written.
    known = state.warned if state.scope is None else {*state.warned, *state.scope.plain}
    for key, error in never_met.items():
        if key not in known:
            state.warned.add(key)
            warn(f"{error}; the filter finds nothing for that", UnknownFieldWarning)


def _not_filterable(key: str, schema: Schema, spec: IndexSpec) -> FilterError:
    """Return the error for a key that records have, and that nobody declared or could learn."""
    if key in spec.fields:
        remedy = "it was declared for this store, and the next write or create() adds it"
    elif spec.learn_limit and schema.learnt >= spec.learn_limit:
        remedy = (
            f"at most {spec.learn_limit} keys are learnt; raise learn_limit=, or declare it: "
            f"metadata_schema={{{key!r:.80}: 'tag'}}"
        )
    else:
        remedy = f"it was neither declared nor learnt; declare it: metadata_schema={{{key!r:.80}: 'tag'}}"
    return FilterError(f"field {key!r:.80} is in records of index {schema.name!r}, but cannot be filtered: {remedy}")


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


def _tag_values(snapshot: Snapshot, alias: str) -> Steps[TagValues]:
    """Return the values that a tag field has, by their tags.

    Raises:
        FilterError: If it has more than can be looked through.
    """
    schema = snapshot.schema
    if alias in snapshot.oversized:
        raise _oversized(alias, schema)
    (reply,) = yield [tag_values_command(schema, alias)]
    found = [] if is_missing_index(reply) else ok(reply)
    if len(found) > MAX_VALUES:
        snapshot.oversized.add(alias)
        raise _oversized(alias, schema)
    values = {tag: decode_tag(tag) for tag in (tag.decode() for tag in found)}
    unknown = [tag for tag, value in values.items() if value is None]
    # Where the tag is a digest, a record that has it tells the value.
    layout = layout_of(schema)
    for batch in batched(unknown, BATCH_SIZE):
        wanted = [str(tag_query(escape_field_name(alias), [tag])) for tag in batch]
        replies = yield [keys_command(schema, where, 1) for where in wanted]
        ids = [schema.id_of(keys[0]) for reply in replies if (keys := read_keys(ok(reply)))]
        for record_id, found in zip(ids, (yield [layout.read(record_id) for record_id in ids]), strict=True):
            if (record := layout.decode_reply(record_id, ok(found))) is not None:
                told = check_metadata(record.metadata, record_id).values
                values |= {encode_tag(text): text for text in _texts(schema, alias, told)}
    return {tag: value for tag, value in values.items() if value is not None}


def _texts(schema: Schema, alias: str, values: Mapping[str, Any]) -> Iterable[str]:
    """Return the texts that a record has in a tag field."""
    if alias == TYPED:
        return typed_texts(schema, values)
    return [text for text in as_list(values.get(schema.aliases[alias].key)) if isinstance(text, str)]


def _oversized(alias: str, schema: Schema) -> FilterError:
    field = schema.aliases.get(alias)
    named, then = (
        (f"field {field.key!r}", remedy(field)) if field else ("the fields of mixed types", "declare the field")
    )
    return FilterError(
        f"{named} in index {schema.name!r} has more than {MAX_VALUES} different values, too many to look through for a "
        f"pattern or an order; {then}"
    )


def is_known_key(schema: Schema, key: str) -> Steps[bool]:
    """Ask the server whether a record has a metadata key, indexed or not."""
    (reply,) = yield [count_command(schema, presence_query(key))]
    return not is_missing_index(reply) and read_total(ok(reply)) > 0
