"""The answer of a search tool: the text that a model reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from redisvl_adapters.agents.search_tool import hide

NOTHING_FOUND = "No document was found; ask in other words, or leave out an argument that narrows the search."


class Found(NamedTuple):
    """A document that was found.

    Attributes:
        id: Its id.
        text: Its text.
        metadata: Its metadata.
    """

    id: str
    text: str
    metadata: Mapping[str, Any]


def answer_text(found: Sequence[Found], hidden: Collection[str] = ()) -> str:
    """Return documents as a model reads them: number, id, metadata and text of each.

    Args:
        found: The documents, best first.
        hidden: The metadata keys that the model is not shown.
    """
    if not found:
        return NOTHING_FOUND
    parts = []
    for number, document in enumerate(found, 1):
        metadata = hide(document.metadata, hidden)
        told = f"\n{orjson.dumps(metadata, default=str, option=_PLAIN).decode()}" if metadata else ""
        parts.append(f"[{number}] {document.id}{told}\n{document.text}")
    return "\n\n".join(parts)


def refusal_text(error: Exception) -> str:
    """Return what a model is told of its own error."""
    return f"Nothing was searched: {error}."


_PLAIN = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
