"""A LangChain chain that remembers, on Redis: sessions, users, and finding earlier messages by meaning. Runs offline.

pip install "redisvl-adapters[langchain,embedded]" wordllama
"""

import warnings

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import ConfigurableFieldSpec
from langchain_core.runnables.history import RunnableWithMessageHistory

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisChatMessageHistory
from wordllama_langchain import WordLlamaEmbeddings

# A model that reads its answers from a script; put any chat model here.
SCRIPT = [
    "Use a set: it holds each item once.",
    "A dict keeps the order of its keys.",
    "Await them in a TaskGroup.",
]
QUESTIONS = [
    ("monday", "How do I drop duplicates from a list of names?"),
    ("monday", "And if I need keys?"),
    ("tuesday", "How do I wait for several coroutines?"),
]


def show(title: str, messages: list[BaseMessage]) -> None:
    """Print who said what."""
    print(f"{title}:")
    for message in messages:
        print(f"  {message.type}: {message.content}")


def main() -> None:
    """Talk in two sessions, then look back."""
    # LangChain would rather see LangGraph used.
    warnings.filterwarnings("ignore", message="RunnableWithMessageHistory is deprecated")
    with (
        EmbeddedRedis() as server,
        RedisChatMessageHistory(
            "monday",
            user_id="ann",
            redis_url=server.url,
            ttl=24 * 60 * 60,  # a day after the last message
            embedding=WordLlamaEmbeddings(),  # for recall only; all else runs on any Redis, without search
        ) as history,
    ):
        prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{question}")])
        chain = RunnableWithMessageHistory(
            prompt | GenericFakeChatModel(messages=iter(map(AIMessage, SCRIPT))),
            history.for_session,
            input_messages_key="question",
            history_messages_key="history",
            history_factory_config=[
                ConfigurableFieldSpec(id="session_id", annotation=str),
                ConfigurableFieldSpec(id="user_id", annotation=str),
            ],
        )
        for session, question in QUESTIONS:
            chain.invoke({"question": question}, {"configurable": {"session_id": session, "user_id": "ann"}})

        show("monday", history.messages)
        tuesday = history.for_session("tuesday")
        asked = "unique entries"
        show("recalled in tuesday's session", tuesday.recall(asked, k=1))
        show("recalled in all of ann's", tuesday.recall(asked, k=1, filter={"type": "human"}, all_sessions=True))

        history.clear()
        show("monday, cleared", history.messages)
        print("tuesday still has", len(tuesday.messages), "messages")


if __name__ == "__main__":
    main()
