"""What a filter is rendered for: the schema, and what the server was asked about values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from redisvl_adapters.core.schema.index_schema import Schema

TagValues: TypeAlias = Mapping[str, str]
"""The values that a tag field has on the server, by their tags."""


class ValuesNeededError(Exception):
    """A comparison can only be answered from the values that a field has; it is raised and caught within the core.

    Attributes:
        alias: The name of the field in the index.
    """

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self.alias = alias


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a filter is rendered for.

    Attributes:
        schema: The index.
        fresh: Whether the schema was read from the server for this filter.
        never_met: Keys that no record has, as the server said for this filter.
        present: Keys that records have although the schema has no such field, as the server said for this filter.
        strict: Whether it is an error to name a key that no record has, whatever is asked of it.
        values: The values of fields, by field name, as far as they were needed.
        language: The language of the words that it asks for; None for that of the index.
    """

    schema: Schema
    fresh: bool = False
    never_met: Collection[str] = ()
    present: Collection[str] = ()
    strict: bool = False
    values: Mapping[str, TagValues] = field(default_factory=dict)
    language: str | None = None

    def values_of(self, alias: str) -> TagValues:
        """Return the values of a tag field, or ask for them by raising ``ValuesNeededError``."""
        if alias not in self.values:
            raise ValuesNeededError(alias)
        return self.values[alias]
