"""A chat model that says what is written for it: the agents of these examples run offline, and the same each time."""

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

Step = dict[str, Any] | str
"""What a model does next: the arguments with which it calls its tool, or what it says."""


class ScriptedChatModel(GenericFakeChatModel):
    """A LangChain chat model that takes one step after another, whatever it is asked."""

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "ScriptedChatModel":
        """Return itself: what it calls is written already."""
        del tools
        return self


def scripted_chat_model(tool: str, *steps: Step) -> ScriptedChatModel:
    """Return a LangChain chat model that takes these steps."""

    def messages() -> Iterator[AIMessage]:
        for number, step in enumerate(steps):
            calls = [{"name": tool, "args": step, "id": f"call-{number}"}] if isinstance(step, dict) else []
            yield AIMessage(step if isinstance(step, str) else "", tool_calls=calls)

    return ScriptedChatModel(messages=messages())
