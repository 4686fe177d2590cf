"""One comparison of a metadata key with an operand, as a condition or as an error that says what would do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.filters.conditions import Condition, literal
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.foreign_operators import missing_query
from redisvl_adapters.core.filters.operands import as_flag, as_list, as_operand
from redisvl_adapters.core.filters.operators import NEGATED, OF_ANY_KEY, comparisons_of, operators_of_field
from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.schema.foreign import ForeignField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import FilterError, did_you_mean


def compare(comparison: Compare, context: RenderContext, *, negated: bool = False) -> Condition:
    """Return the clauses of a comparison or of its negation.

    Raises:
        ValuesNeededError: If it can only be answered from the values that the field has.
        UnknownFieldError: If the key is not in the schema, and nothing is known of it or everything would match.
        FilterError: If the field cannot be asked this, or not with this value.
    """
    key, operator, value = comparison.key, comparison.operator, comparison.value
    try:
        key.encode()
    except (AttributeError, UnicodeEncodeError):
        raise FilterError(f"the key of a comparison is text that UTF-8 can hold; not {key!r:.80}") from None
    if operator not in [*Operator]:
        named = str(operator).upper()
        hint = f" (give Operator.{named})" if named in Operator.__members__ else did_you_mean(str(operator), Operator)
        raise FilterError(f"field {key!r:.80} is compared by {operator!r:.80}{hint}; operators are: {_names(Operator)}")
    operator = Operator(operator)
    # What was given may be its text, which is equal to it but is not it.
    comparison = replace(comparison, operator=operator)
    if operator in OF_ANY_KEY:
        return _of_any_key(comparison, context, negated=negated)
    if key not in context.schema.fields:
        _refuse_foreign_key(context.schema, key)
        return _without_value(comparison, context, negated=negated)
    field = context.schema.indexed(key)
    answer = comparisons_of(field).get(NEGATED.get(operator, operator))
    if answer is None:
        why = f"it has no {operator.name}"
        if isinstance(field, ForeignField):
            why += ", since an index of another application does not have the values as they are"
        raise FilterError(_refusal(field, comparison, why, context.schema))
    try:
        positive = answer(field, as_operand(value), context)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, FilterError):
            raise
        raise FilterError(_refusal(field, comparison, str(error), context.schema)) from None
    return literal(positive, negated=(operator in NEGATED) is not negated)


def _without_value(comparison: Compare, context: RenderContext, *, negated: bool) -> Condition:
    """Return the condition of a comparison of a key that has no value in any record.

    Raises:
        UnknownFieldError: If the server was not asked whether that is so, or the key was never met and everything would
            match for that.
    """
    key, schema = comparison.key, context.schema
    never_met = key in context.never_met
    if not never_met and not (context.fresh and key in schema.untyped_keys):
        raise schema.unknown(key)
    # If records have had mappings under this key, then a key inside was meant.
    if inside := sorted(known for known in schema.fields if known.startswith(f"{key}.")):
        raise FilterError(f"field {key!r:.80} holds mappings, which cannot be compared; ask for {' or '.join(inside)}")
    holds = comparison.operator in NEGATED or (comparison.operator is Operator.ALL and _is_empty_list(comparison.value))
    if never_met and holds is not negated:
        raise schema.unknown(key, "and everything would match for that")
    return literal(holds, negated=negated)


def _is_empty_list(value: object) -> bool:
    try:
        return not as_list(value)
    except (TypeError, ValueError):
        return False


def _refuse_foreign_key(schema: Schema, key: str) -> None:
    """Refuse a key that a foreign index has no field for: its records may have it, and nobody could tell.

    Raises:
        FilterError: If it is such a key.
    """
    if schema.foreign is not None and key not in schema.fields:
        raise FilterError(f"{schema.unknown(key)}; an index of another application is filtered by its own fields alone")


def _of_any_key(comparison: Compare, context: RenderContext, *, negated: bool) -> Condition:
    key, schema = comparison.key, context.schema
    _refuse_foreign_key(schema, key)
    if context.strict and not (key in schema.fields or key in schema.untyped_keys or key in context.present):
        raise schema.unknown(key)
    try:
        wanted = as_flag(comparison.value)
    except TypeError as error:
        field = schema.fields.get(key) or schema.learnt_field(key, FieldType.UNINDEXED)
        raise FilterError(_refusal(field, comparison, str(error), schema)) from None
    if isinstance(foreign := schema.fields.get(key), ForeignField):
        lacking = missing_query(foreign, comparison.operator)
        is_lacking = wanted is not (comparison.operator is Operator.EXISTS)
        return literal(lacking, negated=is_lacking is negated)
    if comparison.operator is Operator.EXISTS:
        return literal(presence_query(key), negated=wanted is negated)
    return literal(presence_query(key, "+"), negated=wanted is not negated)


_ONE_OF_SEVERAL: Mapping[Operator, Operator] = {
    Operator.EQ: Operator.IN,
    Operator.NE: Operator.NIN,
    Operator.CONTAINS: Operator.ANY,
}


def _refusal(field: MetadataField, comparison: Compare, reason: str, schema: Schema) -> str:
    operator, value = comparison.operator, comparison.value
    hint = ""
    several = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
    if value is None or (several and any(each is None for each in value)):
        hint = "; to ask for a missing key use EXISTS or IS_EMPTY"
    elif operator in _ONE_OF_SEVERAL and several:
        hint = f"; to compare with each value of a list use {_ONE_OF_SEVERAL[operator].name}"
    has = _names(operators_of_field(field))
    others = ", ".join(f"{other.key} ({other.type})" for other in schema.aliases.values())
    return (
        f"field {field.key!r} in index {schema.name!r} is {str(field.type)!r} and cannot be asked "
        f"{operator.name} {value!r:.80}: {reason}{hint}. It supports: {has}. "
        f"Filterable: {others}"
    )


def _names(operators: Iterable[Operator]) -> str:
    """List operators by their names, which serve all spellings."""
    return ", ".join(operator.name for operator in operators) + " (in a dict $eq and so on)"
