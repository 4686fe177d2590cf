"""A search tool: what a developer fixes, what the index teaches, and what a call of a model comes to."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from redisvl_adapters.agents.argument_names import NAME
from redisvl_adapters.agents.context import check_context_fields, check_context_filter, context_conditions
from redisvl_adapters.agents.options import ToolOptions, ToolSearchType
from redisvl_adapters.agents.search_arguments import (
    MAX_VALUES,
    SearchArguments,
    SearchRequest,
    joined,
    keys_of,
    search_arguments,
)
from redisvl_adapters.core.arguments import check_k, check_strings
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.search.survey import survey_fields
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ArgumentError, FilterError, did_you_mean

DEFAULT_K, DEFAULT_MAX_K = 4, 20
_DESCRIPTION = (
    "Searches documents{by}. The other arguments narrow the search: leave out those that the question says nothing of. "
    "Returns the best documents, each with its id and metadata."
)
_BY = {"vector": " by meaning", "text": " by words", "hybrid": " by meaning and by words", "mmr": " by meaning"}


class ModelError(Exception):
    """What a model got wrong in a call; the message tells it how to do better."""


@dataclass(frozen=True)
class ToolSettings:
    """What a developer fixes of a search tool; the model sees the name and the description.

    Attributes:
        name: Its name.
        description: What it is for.
        search_type: How it searches.
        k: How many results a search has that does not say.
        max_k: How many a model can ask for.
        fields: The metadata keys that have arguments; None for those that have few values or an order.
        filter: What always holds.
        context_filter: Which metadata keys are compared with what of the context of a run.
        takes_filter: Whether there is a ``filter`` argument.
    """

    name: str
    description: str
    search_type: ToolSearchType
    k: int
    max_k: int
    fields: Sequence[str] | None
    filter: Filter | None
    context_filter: Mapping[str, str]
    takes_filter: bool


def check_tool_settings(
    index_name: str, name: str | None, description: str | None, filter: Filter | None, options: ToolOptions
) -> ToolSettings:
    """Return the settings of a tool, with a name and a description if none were given.

    Raises:
        ArgumentError: If one of them is out of range, or they contradict each other.
    """
    if name is None:
        name = "search_" + re.sub(r"[^a-zA-Z0-9_-]", "_", index_name)[:50]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ArgumentError(f"name is 1 to 64 letters, digits, _ and -, which is what models accept; not {name!r:.80}")
    search_type, types = options.get("search_type", "vector"), get_args(ToolSearchType)
    if search_type not in types:
        given = str(search_type)
        hint = " (did you mean 'vector'?)" if given == "similarity" else did_you_mean(given, types)
        raise ArgumentError(f"search_type is one of {', '.join(types)}; not {search_type!r:.80}{hint}")
    if description is None:
        description = _DESCRIPTION.format(by=_BY[search_type])
    if not isinstance(description, str) or not description.strip():
        raise ArgumentError(f"description is a text that tells a model what the tool is for; not {description!r:.80}")
    k, max_k = check_k(options.get("k", DEFAULT_K)), check_k(options.get("max_k", DEFAULT_MAX_K), "max_k")
    if not 1 <= k <= max_k:
        raise ArgumentError(f"k is from 1 to max_k, which is {max_k}; not {k}")
    takes_filter = options.get("filter_argument", False)
    if not isinstance(takes_filter, bool):
        raise ArgumentError(f"filter_argument is True or False; not {takes_filter!r:.80}")
    fields, context_filter = options.get("fields"), check_context_filter(options.get("context_filter"))
    if fields is not None:
        check_strings(fields, "fields")
    for key in fields or ():
        if key in context_filter:
            raise ArgumentError(f"fields: {key!r} is set by the context of the run, so a model cannot choose it")
    return ToolSettings(name, description, search_type, k, max_k, fields, filter, context_filter, takes_filter)


@dataclass(frozen=True)
class SearchTool:
    """A search tool as the index was when its arguments were made.

    Attributes:
        settings: What the developer fixed.
        arguments: Its arguments.
        context_fields: The fields that are compared with the context of a run, by key.
        hidden: The metadata keys that conditions of the developer are about, and those of the scope of the store.
    """

    settings: ToolSettings
    arguments: SearchArguments
    context_fields: Mapping[str, MetadataField]
    hidden: Collection[str]

    def locks(self, context: Mapping[str, Any]) -> list[Filter]:
        """Return what holds for all calls of a run.

        Raises:
            ArgumentError: If its context lacks something; the message is for the developer.
        """
        fixed = [] if self.settings.filter is None else [self.settings.filter]
        return fixed + context_conditions(self.settings.context_filter, context, self.context_fields)

    def read(self, given: Mapping[str, Any], locks: Sequence[Filter]) -> SearchRequest:
        """Return the search that a call of a model comes to, within what holds for the run.

        Raises:
            ModelError: If the model got something wrong.
        """
        try:
            query, k, filter = self.arguments.read(given)
        except (ArgumentError, FilterError) as error:
            raise ModelError(str(error)) from error
        conditions = locks if filter is None else (*locks, filter)
        return SearchRequest(query, k, joined(conditions))


def build_search_tool(state: IndexState, settings: ToolSettings) -> Steps[SearchTool]:
    """Return a tool whose arguments are made from the index as it is now.

    Where a condition depends on the context of a run, the model is told no values: those of all runs would be told.

    Raises:
        ArgumentError: If a field that was named does not exist, or cannot be asked for.
        FilterError: If the filter cannot be honoured.
    """
    surveyed = yield from survey_fields(state, MAX_VALUES, settings.filter)
    fields = {each.field.key: each.field for each in surveyed}
    check_context_fields(settings.context_filter, fields)
    hidden = keys_of(settings.filter) | settings.context_filter.keys() | set(state.scope.plain if state.scope else ())
    arguments = search_arguments(
        surveyed,
        k=settings.k,
        max_k=settings.max_k,
        fields=settings.fields,
        hidden=hidden,
        tells_values=not settings.context_filter,
        takes_filter=settings.takes_filter,
    )
    context_fields = {key: fields[key] for key in settings.context_filter if key in fields}
    return SearchTool(settings, arguments, context_fields, hidden)


def hide(metadata: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Return metadata without some keys, of which dots reach into nested ones."""
    inner: dict[str, list[str]] = {}
    for key in keys:
        first, _, rest = key.partition(".")
        if rest and isinstance(metadata.get(first), Mapping):
            inner.setdefault(first, []).append(rest)
    return {
        key: hide(value, inner[key]) if key in inner else value for key, value in metadata.items() if key not in keys
    }
