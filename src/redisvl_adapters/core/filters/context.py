"""What a filter is rendered for: the schema, and what the server was asked about values and stems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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


class StemsNeededError(Exception):
    """A comparison needs the stems of words, which the server knows; it is raised and caught within the core.

    Attributes:
        words: The words.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(*words)
        self.words = words


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
        stems: The forms of words in the index, by word, as far as they were needed.
    """

    schema: Schema
    fresh: bool = False
    never_met: Collection[str] = ()
    present: Collection[str] = ()
    strict: bool = False
    values: Mapping[str, TagValues] = field(default_factory=dict)
    stems: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def values_of(self, alias: str) -> TagValues:
        """Return the values of a tag field, or ask for them by raising ``ValuesNeededError``."""
        if alias not in self.values:
            raise ValuesNeededError(alias)
        return self.values[alias]

    def stems_of(self, words: Sequence[str]) -> list[Sequence[str]]:
        """Return the forms of words, or ask for them by raising ``StemsNeededError``."""
        if unknown := [word for word in words if word not in self.stems]:
            raise StemsNeededError(unknown)
        return [self.stems[word] for word in words]
