"""The keywords of ``as_tool`` that both frameworks have, as a typed dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

ToolSearchType: TypeAlias = Literal["vector", "text", "hybrid", "mmr"]
"""How a tool searches."""


class ToolOptions(TypedDict, total=False):
    """What a developer fixes of a search tool, beside its name and its description.

    Attributes:
        fields: The metadata keys that have arguments; by default those that have few values or an order.
        context_filter: Which metadata keys must equal what of the run: ``{"tenant": "tenant_id"}``. Without that the
            tool refuses with an ``ArgumentError``. The model is shown no values then, since those of all tenants would
            be shown; a tool of ``store.scoped(tenant=...)`` shows those of its tenant.
        search_type: ``vector`` (default), ``text``, ``hybrid`` or ``mmr``.
        k: How many results it has if the model does not say (4).
        max_k: How many the model can ask for (20).
        filter_argument: Whether there is a ``filter`` argument too, a Mongo-style object over the same fields (False).
    """

    fields: Sequence[str] | None
    context_filter: Mapping[str, str] | None
    search_type: ToolSearchType
    k: int
    max_k: int
    filter_argument: bool
