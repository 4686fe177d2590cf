"""The context of a run: what the program says of it, such as whose it is, and the model does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from redisvl_adapters.agents.argument_values import check_text, is_number
from redisvl_adapters.core.filters.algebra import Compare, Filter, Operator
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.errors import ArgumentError, did_you_mean

_CONTEXT: ContextVar[Mapping[str, Any]] = ContextVar("redisvl_adapters_tool_context")


@contextmanager
def tool_context(**context: Any) -> Iterator[None]:
    """Let the tools that run within the block, and in tasks that start there, have this context.

    An inner block adds to an outer one.

    Examples:
        >>> with tool_context(tenant_id="acme"):
        ...     await agent.run("What did we agree on?")

    Args:
        context: What a tool's ``context_filter`` names.
    """
    token = _CONTEXT.set({**current_context(), **context})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def current_context() -> Mapping[str, Any]:
    """Return the context of the innermost block of ``tool_context``; empty outside of one."""
    return _CONTEXT.get({})


def check_context_filter(given: Any) -> Mapping[str, str]:
    """Return which metadata keys are compared with what of the context.

    Raises:
        ArgumentError: If it is no mapping of texts.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(
        isinstance(part, str) and part for pair in given.items() for part in pair
    ):
        raise ArgumentError(
            "context_filter says which metadata key is compared with what of the context, such as "
            f"{{'tenant': 'tenant_id'}}; not {given!r:.80}"
        )
    return dict(given)


def check_context_fields(context_filter: Mapping[str, str], fields: Mapping[str, MetadataField]) -> None:
    """Refuse keys that cannot be compared exactly.

    Raises:
        ArgumentError: If there is one.
    """
    for key in context_filter:
        if key in fields and fields[key].type in (FieldType.TEXT, FieldType.GEO):
            raise ArgumentError(
                f"context_filter: {key!r} is a field of type {fields[key].kind}, which has no exact equality; use a tag"
            )


def context_conditions(
    context_filter: Mapping[str, str], context: Mapping[str, Any], fields: Mapping[str, MetadataField]
) -> list[Filter]:
    """Return the conditions that the context of a run sets.

    Args:
        context_filter: Which metadata keys are compared with what of it.
        context: The context.
        fields: The fields of the index by key.

    Raises:
        ArgumentError: If something is missing there, or is no value that the field could have.
    """
    conditions: list[Filter] = []
    for key, name in context_filter.items():
        if context.get(name) is None:
            raise ArgumentError(
                f"this tool searches only where {key!r} is the {name!r} of the run, and the context of this run has no "
                f"{name!r}{did_you_mean(name, map(str, context))}; nothing was searched"
            )
        value = context[name]
        kinds = fields[key].kinds if key in fields else frozenset(Kind)
        if not _suits(value, kinds):
            wanted = " or a ".join(sorted(kinds)) if kinds else "value that the field can have"
            raise ArgumentError(
                f"this tool searches only where {key!r} is the {name!r} of the run, which is a {wanted}; not "
                f"{type(value).__name__}; nothing was searched"
            )
        conditions.append(Compare(key, Operator.EQ, value))
    return conditions


def _suits(value: Any, kinds: frozenset[Kind]) -> bool:
    if isinstance(value, str):
        return Kind.TEXT in kinds and bool(value) and check_text(value) is None
    if isinstance(value, bool):
        return Kind.BOOL in kinds
    return Kind.NUMBER in kinds and is_number(value)
