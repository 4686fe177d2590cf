"""LangChain on Redis in one page: add, search, filter, retrieve, delete. Runs offline: server and model are from pip.

pip install "redisvl-adapters[langchain,embedded]" wordllama
"""

import asyncio

from langchain_core.documents import Document

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings

DOCUMENTS = [
    Document(page_content="A list keeps its items in order.", metadata={"topic": "types", "year": 1991}),
    Document(page_content="A set holds each item once, in no order.", metadata={"topic": "types", "year": 2004}),
    Document(page_content="An event loop runs coroutines in one thread.", metadata={"topic": "async", "year": 2014}),
    Document(page_content="A group awaits all of its tasks.", metadata={"topic": "async", "year": 2022}, id="groups"),
]


def main() -> None:
    """Walk through the store."""
    with (
        EmbeddedRedis() as server,
        RedisVectorStore(WordLlamaEmbeddings(), index_name="quickstart", redis_url=server.url) as store,
    ):
        store.add_documents(DOCUMENTS)

        for document, distance in store.similarity_search_with_score("ordered items", k=2):
            print(f"{distance:.3f} {document.page_content}")

        recent = {"topic": "async", "year": {"$gte": 2020}}
        print("filtered:", [document.id for document in store.similarity_search("concurrency", filter=recent)])

        retriever = store.as_retriever(search_type="mmr", search_kwargs={"k": 2, "filter": {"topic": "types"}})
        print("retrieved:", [document.page_content for document in retriever.invoke("collections")])

        found = asyncio.run(store.asimilarity_search("concurrency", k=1, filter=recent))
        print("async:", [document.id for document in found])

        store.delete(filter={"topic": "types"})
        print("left:", store.count())


if __name__ == "__main__":
    main()
