"""Index documents again and again, and pay only for what has changed: nothing is written or embedded twice.

Runs offline. pip install "redisvl-adapters[langchain,embedded]" langchain-classic wordllama
"""

from langchain_classic.embeddings import CacheBackedEmbeddings
from langchain_core.documents import Document
from langchain_core.indexing import index

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisByteStore, RedisRecordManager, RedisVectorStore
from wordllama_langchain import WordLlamaEmbeddings

MONDAY = {
    "lists.md": ["A list keeps its items in order.", "Appending to a list is quick."],
    "sets.md": ["A set holds each item once."],
}
TUESDAY = {
    "lists.md": ["A list keeps its items in order.", "Inserting at the front of a list is slow."],
    "sets.md": ["A set holds each item once."],
}
WEDNESDAY = {"sets.md": ["A set holds each item once.", "Appending to a list is quick."]}


class CountingEmbeddings(WordLlamaEmbeddings):
    """Counts the texts that it embeds."""

    embedded = 0

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts, one vector for each."""
        self.embedded += len(texts)
        return super().embed_documents(texts)


def main() -> None:
    """Index the documents of three days."""
    with (
        EmbeddedRedis() as server,
        RedisByteStore(redis_url=server.url, prefix="embeddings") as vectors,
        RedisRecordManager("pages", redis_url=server.url) as records,
    ):
        model = CountingEmbeddings()
        embedding = CacheBackedEmbeddings.from_bytes_store(
            model, vectors, namespace="wordllama-256/", key_encoder="sha256"
        )
        with RedisVectorStore(embedding, index_name="pages", redis_url=server.url) as store:
            for day, pages in (("monday", MONDAY), ("tuesday", TUESDAY), ("wednesday", WEDNESDAY)):
                documents = [
                    Document(text, metadata={"source": name}) for name, texts in pages.items() for text in texts
                ]
                model.embedded = 0
                done = index(documents, records, store, cleanup="full", source_id_key="source", key_encoder="sha256")
                print(
                    f"{day}: {done['num_added']} added, {done['num_skipped']} skipped, {done['num_deleted']} deleted, "
                    f"{model.embedded} embedded; {store.count()} in the index"
                )
        print("embeddings kept:", len(list(vectors.yield_keys())))


if __name__ == "__main__":
    main()
