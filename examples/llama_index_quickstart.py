"""LlamaIndex on Redis in one page: index, retrieve, update, delete. Runs offline: server and model are from pip.

pip install "redisvl-adapters[llama-index,embedded]" wordllama
"""

from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.llama_index import RedisVectorStore
from wordllama_llama_index import WordLlamaEmbedding

DOCUMENTS = [
    Document(id_="lists", text="A list keeps its items in order.", metadata={"topic": "types", "year": 1991}),
    Document(id_="sets", text="A set holds each item once, in no order.", metadata={"topic": "types", "year": 2004}),
    Document(id_="loop", text="An event loop runs tasks in one thread.", metadata={"topic": "async", "year": 2014}),
    Document(id_="groups", text="A task group awaits all of its tasks.", metadata={"topic": "async", "year": 2022}),
]


def main() -> None:
    """Walk through the store."""
    with EmbeddedRedis() as server, RedisVectorStore(index_name="quickstart", redis_url=server.url) as store:
        storage = StorageContext.from_defaults(vector_store=store)
        index = VectorStoreIndex.from_documents(DOCUMENTS, storage, embed_model=WordLlamaEmbedding())

        for hit in index.as_retriever(similarity_top_k=2).retrieve("ordered items"):
            print(f"{hit.score:.3f} {hit.text}")

        recent = MetadataFilters(
            filters=[
                MetadataFilter(key="topic", value="async"),
                MetadataFilter(key="year", value=2020, operator=FilterOperator.GTE),
            ]
        )
        print("filtered:", [hit.node.ref_doc_id for hit in index.as_retriever(filters=recent).retrieve("concurrency")])

        index.update_ref_doc(Document(id_="sets", text="A set has no duplicates.", metadata={"topic": "types"}))
        print("updated:", [node.get_content() for node in store.get_nodes() if node.ref_doc_id == "sets"])

        index.delete_ref_doc("lists")
        print("left:", store.count())


if __name__ == "__main__":
    main()
