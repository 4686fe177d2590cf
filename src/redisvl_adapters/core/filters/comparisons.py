"""One comparison of a metadata key with an operand, as a condition or as an error that says what would do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.filters.conditions import Condition, literal
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.operands import as_flag, as_operand
from redisvl_adapters.core.filters.operators import COMPARISONS, NEGATED, OF_ANY_KEY, operators_of
from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import FilterError, did_you_mean


def compare(comparison: Compare, context: RenderContext, *, negated: bool = False) -> Condition:
    """Return the clauses of a comparison or of its negation.

    Raises:
        ValuesNeededError: If it can only be answered from the values that the field has.
        UnknownFieldError: If the key is neither in the schema nor among the known ones.
        FilterError: If the field cannot be asked this, or not with this value.
    """
    key, operator, value = comparison.key, comparison.operator, comparison.value
    try:
        key.encode()
    except (AttributeError, UnicodeEncodeError):
        raise FilterError(f"the key of a comparison is text that UTF-8 can hold; not {key!r:.80}") from None
    if operator not in [*Operator]:
        raise FilterError(
            f"field {key!r} is compared by {operator!r:.80}{did_you_mean(str(operator), Operator)}; "
            f"operators are: {_names(Operator)}"
        )
    operator = Operator(operator)
    if operator in OF_ANY_KEY:
        return _of_any_key(comparison, context, negated=negated)
    if context.fresh and key in context.schema.untyped_keys and key not in context.schema.fields:
        # No record has had a value of this key; but if they have had mappings, then one inside was meant.
        inside = sorted(known for known in context.schema.fields if known.startswith(f"{key}."))
        if inside:
            raise FilterError(f"field {key!r} holds mappings, which cannot be compared; ask for {' or '.join(inside)}")
        holds = operator in NEGATED or (operator is Operator.ALL and value == [])
        return literal(holds, negated=negated)
    field = context.schema.indexed(key)
    answer = COMPARISONS[field.type].get(NEGATED.get(operator, operator))
    if answer is None:
        raise FilterError(_refusal(field, comparison, f"it has no {operator.name}", context.schema))
    try:
        positive = answer(field, as_operand(value), context)
    except (TypeError, ValueError, OverflowError) as error:
        raise FilterError(_refusal(field, comparison, str(error), context.schema)) from None
    return literal(positive, negated=(operator in NEGATED) is not negated)


def _of_any_key(comparison: Compare, context: RenderContext, *, negated: bool) -> Condition:
    key = comparison.key
    if key not in context.schema.fields and key not in context.schema.untyped_keys and key not in context.known_keys:
        raise context.schema.unknown(key)
    try:
        wanted = as_flag(comparison.value)
    except TypeError as error:
        field = context.schema.fields.get(key) or context.schema.learnt_field(key, FieldType.UNINDEXED)
        raise FilterError(_refusal(field, comparison, str(error), context.schema)) from None
    if comparison.operator is Operator.EXISTS:
        return literal(presence_query(key), negated=wanted is negated)
    return literal(presence_query(key, "+"), negated=wanted is not negated)


_ONE_OF_SEVERAL: Mapping[Operator, Operator] = {
    Operator.EQ: Operator.IN,
    Operator.NE: Operator.NIN,
    Operator.CONTAINS: Operator.ANY,
}


def _refusal(field: MetadataField, comparison: Compare, reason: str, schema: Schema) -> str:
    operator, value = Operator(comparison.operator), comparison.value
    hint = ""
    if value is None:
        hint = "; to ask for a missing key use EXISTS or IS_EMPTY"
    elif operator in _ONE_OF_SEVERAL and isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping):
        hint = f"; to compare with each value of a list use {_ONE_OF_SEVERAL[operator].name}"
    others = ", ".join(f"{other.key} ({other.type})" for other in schema.aliases.values())
    return (
        f"field {field.key!r} in index {schema.name!r} is {str(field.type)!r} and cannot be asked "
        f"{operator.name} {value!r:.80}: {reason}{hint}. It supports: {_names(operators_of(field.type))}. "
        f"Filterable: {others}"
    )


def _names(operators: Iterable[Operator]) -> str:
    """List operators by their names, which serve all spellings."""
    return ", ".join(operator.name for operator in operators) + " (in a dict $eq and so on)"
