"""What the tests of search tools share: documents of two tenants with metadata of every type, and scripted models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

DECLARED: dict[str, Any] = {
    "year": {"type": "numeric", "description": "year of publication"},
    "on": "timestamp",
    "title": "text",
}
TENANTS = ("mine", "theirs")


def documents() -> dict[str, dict[str, Any]]:
    """Return the metadata of sixty documents by their texts, half of them of each tenant."""
    return {
        f"text {number} of {tenant}": {
            "tenant": tenant,
            "year": 1990 + number,
            "topic": ["sets", "lists", "loops"][number % 3],
            "tags": [["a", "b"], ["b"], ["c", "a"], []][number % 4],
            "open": number % 5 == 0,
            "on": f"2024-01-{number + 1:02}T12:00:00",
            "sizes": [number % 4, 0.5],
            "author": {"name": ["Ann", "Bob"][number % 2]},
            "title": ["red apple", "green apple", "blue sky"][number % 3],
            "secret": f"only {tenant} {number}",
        }
        for tenant in TENANTS
        for number in range(30)
    }


class ScriptedModel(GenericFakeChatModel):
    """A chat model that gives its messages one after another, whatever tools it has."""

    def bind_tools(self, tools: Any, **_: Any) -> ScriptedModel:
        """Return this model; the tools that it was given are in ``told``."""
        self.metadata = {"tools": list(tools)}
        return self


def calling(name: str, calls: Sequence[dict[str, Any]]) -> ScriptedModel:
    """Return a model that calls a tool with these arguments, one after another, and then says "done"."""

    def messages() -> Iterator[AIMessage]:
        for number, arguments in enumerate(calls):
            yield AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": str(number)}])
        yield AIMessage("done")

    return ScriptedModel(messages=messages())
