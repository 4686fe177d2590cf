"""What the tests of search tools share: surveyed fields of every type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redisvl_adapters.agents.search_arguments import SearchArguments, search_arguments
from redisvl_adapters.core.schema.field_names import field_alias
from redisvl_adapters.core.schema.fields import FieldType, MetadataField
from redisvl_adapters.core.search.survey import SurveyedField


def surveyed(
    key: str, type: str, values: Sequence[Any] | None = None, *, lists: bool = False, **options: Any
) -> SurveyedField:
    """Return a field with what its records have."""
    return SurveyedField(MetadataField(key, FieldType(type), field_alias(key), **options), values, lists)


FIELDS = [
    surveyed("author.name", "tag", ["Ann", "Bob"]),
    surveyed("isbn", "tag"),
    surveyed("on", "timestamp"),
    surveyed("open", "bool", description="whether anybody may read it"),
    surveyed("sizes", "numbers", [1, 2.5]),
    surveyed("tags", "tag", ["a", "b"], lists=True),
    surveyed("title", "text"),
    surveyed("where", "geo"),
    surveyed("year", "numeric", description="year of publication"),
]


def arguments(*fields: SurveyedField, **options: Any) -> SearchArguments:
    """Return the arguments of a tool over some fields."""
    return search_arguments(fields or FIELDS, **{"k": 4, "max_k": 20, **options})
