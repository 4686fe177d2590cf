"""The arguments of a search tool: their JSON schema, and the search that a model asks for by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from redisvl_adapters.agents.argument_names import FILTER, QUERY, K, argument_names
from redisvl_adapters.agents.argument_values import read_k, read_text
from redisvl_adapters.agents.field_arguments import (
    RANGES,
    WITHOUT_ARGUMENTS,
    FieldArgument,
    field_arguments,
    is_default,
)
from redisvl_adapters.core.filters.algebra import And, Compare, Filter
from redisvl_adapters.core.filters.mongo import read_mongo_filter
from redisvl_adapters.core.search.survey import SurveyedField
from redisvl_adapters.errors import ArgumentError, FilterError, did_you_mean

MAX_VALUES = 50
"""Of how many values a field may have so that they are an enumeration."""

MAX_ENUMERATED = 500
"""How many values all enumerations of a tool have together; the largest ones give way."""

_FILTER_FORM = (
    'more conditions, as an object such as {"year": {"$gte": 2020}, "$or": [{"topic": "a"}, {"topic": {"$in": ["b"]}}]}'
    "; operators: $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $and, $or, $not; keys: "
)


class SearchRequest(NamedTuple):
    """A search that a model asks for.

    Attributes:
        query: What to look for.
        k: How many results.
        filter: What they match; None for everything.
    """

    query: str
    k: int
    filter: Filter | None


@dataclass(frozen=True)
class SearchArguments:
    """The arguments of a search tool.

    Attributes:
        fields: Those that restrict a field, by name.
        k: How many results a search has that does not say.
        max_k: How many it can ask for.
        filter_keys: The metadata keys that the ``filter`` argument can name; None if there is no such argument.
    """

    fields: Mapping[str, FieldArgument]
    k: int
    max_k: int
    filter_keys: Collection[str] | None = None

    @cached_property
    def json_schema(self) -> dict[str, Any]:
        """Their JSON schema (2020-12): a flat object of keywords that OpenAI and Anthropic take."""
        properties: dict[str, Any] = {
            QUERY: {"type": "string", "description": "what to look for, in words"},
            **{name: dict(argument.schema) for name, argument in self.fields.items()},
            K: {"type": "integer", "description": f"how many results, from 1 to {self.max_k}; {self.k} if left out"},
        }
        if self.filter_keys is not None:
            keys = ", ".join(self.filter_keys)
            properties[FILTER] = {"type": "object", "description": _FILTER_FORM + keys}
        return {"type": "object", "properties": properties, "required": [QUERY], "additionalProperties": False}

    def read(self, given: Mapping[str, Any]) -> SearchRequest:
        """Return the search that a model asks for; an argument that is null is left out.

        Raises:
            ArgumentError: If an argument is unknown or wrong; the message is for the model.
            FilterError: If its filter is.
        """
        known = self.json_schema["properties"]
        for name in given:
            if name not in known:
                hint = did_you_mean(str(name), known)
                raise ArgumentError(f"there is no argument {name!r:.80}{hint}; the arguments are {', '.join(known)}")
        said = {name: value for name, value in given.items() if value is not None}
        if QUERY not in said:
            raise ArgumentError("query is missing; write what to look for")
        query = read_text(QUERY, said[QUERY])
        k = read_k(said[K], self.max_k) if K in said else self.k
        conditions = list(self._conditions(said))
        if self.filter_keys is not None and FILTER in said:
            conditions.append(self._read_filter(said[FILTER], self.filter_keys))
        return SearchRequest(query, k, joined(conditions))

    def _conditions(self, said: Mapping[str, Any]) -> Iterator[Filter]:
        lowest: dict[str, tuple[FieldArgument, Any]] = {}
        for name, argument in self.fields.items():
            if name not in said:
                continue
            value = argument.read(name, said[name])
            # The lower end of a range comes before the upper one.
            low, bound = lowest.setdefault(argument.key, (argument, value))
            condition = argument.condition(value)
            if low.order and argument.order and low.order(bound) > argument.order(value):
                raise ArgumentError(f"{low.name} {bound!r} is beyond {name} {value!r}; nothing can be between them")
            yield condition

    @staticmethod
    def _read_filter(given: Any, keys: Collection[str]) -> Filter:
        if not isinstance(given, Mapping) or not given:
            raise ArgumentError(f"{FILTER} is an object with at least one condition, or left out; not {given!r:.80}")
        filter = read_mongo_filter(given)
        for key in sorted(keys_of(filter)):
            if key not in keys:
                raise FilterError(
                    f"{FILTER}: there is no key {key!r:.80}{did_you_mean(key, keys)}; use {', '.join(keys)}"
                )
        return filter


def search_arguments(
    surveyed: Sequence[SurveyedField],
    *,
    k: int,
    max_k: int,
    fields: Sequence[str] | None = None,
    hidden: Collection[str] = (),
    tells_values: bool = True,
    takes_filter: bool = False,
) -> SearchArguments:
    """Return the arguments of a search tool.

    Args:
        surveyed: The fields of the index.
        k: How many results a search has that does not say.
        max_k: How many it can ask for.
        fields: The metadata keys that have arguments; by default those that have few values or an order.
        hidden: The keys that have none, unless ``fields`` names them.
        tells_values: Whether the model is told the values of fields that have few.
        takes_filter: Whether there is a ``filter`` argument.

    Raises:
        ArgumentError: If ``fields`` names a key that the index has no field for, or of a type without arguments.
    """
    if fields is None:
        chosen = [each for each in surveyed if is_default(each) and each.field.key not in hidden]
    else:
        chosen = _chosen(surveyed, fields)
    enumerated = _enumerated(chosen) if tells_values else frozenset[str]()
    ranges = [each.field.key for each in chosen if each.field.type in RANGES]
    names = argument_names([each.field.key for each in chosen], ranges)
    arguments = [
        argument
        for each in chosen
        for argument in field_arguments(each, names[each.field.key], tells_values=each.field.key in enumerated)
    ]
    keys = [each.field.key for each in chosen] if takes_filter else None
    return SearchArguments({argument.name: argument for argument in arguments}, k, max_k, keys)


def _chosen(surveyed: Sequence[SurveyedField], fields: Sequence[str]) -> list[SurveyedField]:
    if isinstance(fields, str) or not isinstance(fields, Sequence) or not all(isinstance(key, str) for key in fields):
        raise ArgumentError(f"fields is a list of metadata keys; not {fields!r:.80}")
    known = {each.field.key: each for each in surveyed}
    for key in fields:
        if key not in known:
            raise ArgumentError(
                f"fields: the index has no field {key!r:.80}{did_you_mean(key, known)}; "
                f"it has {', '.join(known) or 'none'}"
            )
        if (kind := known[key].field.type) in WITHOUT_ARGUMENTS:
            raise ArgumentError(f"fields: {key!r} is of type {kind}, which has no arguments; leave it out")
    return [known[key] for key in dict.fromkeys(fields)]


def _enumerated(chosen: Sequence[SurveyedField]) -> frozenset[str]:
    """Return the keys of the fields whose values are told: those with the fewest, as far as a schema may have them."""
    room, told = MAX_ENUMERATED, set[str]()
    for each in sorted(chosen, key=lambda each: len(each.values or ())):
        room -= len(each.values or ())
        if room >= 0:
            told.add(each.field.key)
    return frozenset(told)


def joined(conditions: Sequence[Filter]) -> Filter | None:
    """Return the conjunction of conditions; None if there are none."""
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(tuple(conditions))


def keys_of(filter: Filter | None) -> set[str]:
    """Return the metadata keys that a filter compares."""
    if isinstance(filter, Compare):
        return {filter.key}
    return {key for child in getattr(filter, "children", ()) for key in keys_of(child)}
