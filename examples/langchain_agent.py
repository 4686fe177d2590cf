"""A LangChain agent that chooses its filters itself, and recovers from a wrong one. Runs offline.

With a real model, change two lines: ``model = init_chat_model("openai:gpt-5")`` and the import of it from
``langchain.chat_models``.

pip install "redisvl-adapters[langchain,embedded]" langchain wordllama
"""

from langchain.agents import create_agent
from langchain_core.messages import HumanMessage

from library import FIELDS, IDS, METADATAS, TEXTS
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore
from scripted_models import scripted_chat_model
from wordllama_langchain import WordLlamaEmbeddings


def main() -> None:
    """Let an agent look something up."""
    with (
        EmbeddedRedis() as server,
        RedisVectorStore(
            WordLlamaEmbeddings(), index_name="notes", redis_url=server.url, metadata_schema=FIELDS
        ) as store,
    ):
        store.add_texts(TEXTS, METADATAS, ids=IDS)
        tool = store.as_tool("search_notes", "Searches notes on Python.")
        for name, schema in tool.args.items():
            print(f"{name}: {schema.get('enum', schema['type'])}, {schema['description']}")

        model = scripted_chat_model(
            tool.name,
            {"query": "waiting for tasks", "topic": "asyncio", "min_year": 2020},
            {"query": "waiting for tasks", "topic": "async", "min_year": 2020, "k": 1},
            "Since 2022 a task group awaits all of its tasks.",
        )
        agent = create_agent(model, [tool])
        result = agent.invoke({"messages": [HumanMessage("How do I wait for tasks in a recent Python?")]})
        print()
        for message in result["messages"]:
            for call in getattr(message, "tool_calls", ()):
                print(f"call: {call['args']}")
            if message.content:
                print(f"{message.type}: {message.content}")


if __name__ == "__main__":
    main()
