"""A survey of an index: its filterable fields, the values of those that have few, and which of them hold lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Operator, conjunction
from redisvl_adapters.core.filters.descriptions import Value
from redisvl_adapters.core.index.readiness import asking_together
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.search.describe import described_fields, few_values
from redisvl_adapters.core.search.fetch import count, fetch_matching
from redisvl_adapters.core.server.commands import Steps


@dataclass(frozen=True, slots=True)
class SurveyedField:
    """A filterable field, and what its records have in it.

    Attributes:
        field: The field.
        values: Its distinct values in their order; None if they are many, long, or not listed by the server.
        holds_lists: Whether a record that was looked at has a list there.
    """

    field: MetadataField
    values: Sequence[Value] | None = None
    holds_lists: bool = False


def survey_fields(state: IndexState, max_values: int, within: Filter | None = None) -> Steps[list[SurveyedField]]:
    """Return the fields that a filter can name, as the server has them now, in the order of their keys.

    Args:
        state: The index.
        max_values: Of how many distinct values a field may have so that they are told.
        within: Only values of records that match this are told.

    Raises:
        FilterError: If the filter cannot be honoured.
    """
    # Asked for itself, so that a filter that is wrong is refused where there are no values, too.
    yield from count(state, within)
    fields = yield from described_fields(state)
    told = yield from few_values(state, fields, max_values)
    if within is not None:
        told = yield from _values_within(state, told, within)
    listed = yield from _keys_of_lists(state, [each for each in fields if each.type is FieldType.TAG], within)
    return [SurveyedField(field, told.get(field.key), field.key in listed) for field in fields]


def _values_within(
    state: IndexState, told: Mapping[str, Sequence[Value]], within: Filter
) -> Steps[Mapping[str, Sequence[Value]]]:
    pairs = [(key, value) for key, values in told.items() for value in values]
    wanted = [And((within, Compare(key, Operator.EQ, value))) for key, value in pairs]
    counts = yield from asking_together(state, [count(state, each) for each in wanted])
    found = {pair for pair, number in zip(pairs, counts, strict=True) if number}
    return {key: [value for value in values if (key, value) in found] for key, values in told.items()}


def _keys_of_lists(state: IndexState, fields: Sequence[MetadataField], within: Filter | None) -> Steps[set[str]]:
    """Return the keys under which one record that has a value has a list."""
    wanted = [conjunction(within, Compare(field.key, Operator.IS_EMPTY, value=False)) for field in fields]
    samples = yield from asking_together(state, [fetch_matching(state, each, limit=1) for each in wanted])
    return {
        field.key
        for field, found in zip(fields, samples, strict=True)
        for record in found
        if isinstance(check_metadata(record.metadata, "a record").values.get(field.key), list)
    }
