"""LlamaIndex's storage on Redis: what was ingested yesterday is known today, and nothing is embedded again. Offline.

pip install "redisvl-adapters[llama-index,embedded]" wordllama
"""

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.ingestion import DocstoreStrategy, IngestionCache, IngestionPipeline
from llama_index.core.node_parser import HierarchicalNodeParser, NodeParser, TokenTextSplitter, get_leaf_nodes
from llama_index.core.retrievers import AutoMergingRetriever, VectorIndexRetriever

from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.llama_index import RedisKVStore, RedisStorageContext
from wordllama_llama_index import WordLlamaEmbedding

MONDAY = {"lists": "A list keeps its items in order.", "sets": "A set holds each item once, in no order."}
TUESDAY = {**MONDAY, "sets": "A set has no duplicates.", "dicts": "A dict maps keys to values."}


class CountingEmbedding(WordLlamaEmbedding):
    """Says how many texts it embeds."""

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        print(f"  embedding {len(texts)}")
        return super()._get_text_embeddings(texts)


def documents(texts: dict[str, str]) -> list[Document]:
    """Return documents with ids that stay the same from day to day."""
    return [Document(id_=name, text=text) for name, text in texts.items()]


def refresh(url: str, texts: dict[str, str]) -> None:
    """Bring an index up to date: new and changed documents are embedded."""
    with RedisStorageContext(index_name="pages", redis_url=url) as storage:
        index = VectorStoreIndex(
            index_struct=IndexDict(index_id="pages"), storage_context=storage, embed_model=CountingEmbedding()
        )
        refreshed = index.refresh_ref_docs(documents(texts))
        print(f"  refreshed {sum(refreshed)} of {len(refreshed)}, {storage.vector_store.count()} nodes")


def ingest(url: str, texts: dict[str, str]) -> None:
    """Run a pipeline, which deletes what is gone; what was transformed before comes from the cache."""
    with (
        RedisStorageContext(index_name="ingested", redis_url=url) as storage,
        RedisKVStore(redis_url=url, ttl=7 * 24 * 3600) as cache,
    ):
        pipeline = IngestionPipeline(
            transformations=[TokenTextSplitter(), CountingEmbedding()],
            vector_store=storage.vector_store,
            docstore=storage.docstore,
            docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
            cache=IngestionCache(cache=cache),
        )
        nodes = pipeline.run(documents=documents(texts))
        print(f"  {len(nodes)} nodes are new, {storage.vector_store.count()} are there")


def merge(url: str) -> None:
    """Search small nodes, and answer with the large ones that they are parts of, which another process stored."""
    text = " ".join(f"Sentence {number} is about {'lists' if number < 50 else 'sets'}." for number in range(100))
    splitters: dict[str, NodeParser] = {
        size: TokenTextSplitter(chunk_size=int(size), chunk_overlap=0) for size in ("512", "64")
    }
    parser = HierarchicalNodeParser.from_defaults(node_parser_ids=list(splitters), node_parser_map=splitters)
    nodes = parser.get_nodes_from_documents([Document(id_="long", text=text)])
    with RedisStorageContext(index_name="merging", redis_url=url) as storage:
        storage.docstore.add_documents(nodes)
        VectorStoreIndex(get_leaf_nodes(nodes), storage_context=storage, embed_model=WordLlamaEmbedding())
    with RedisStorageContext(index_name="merging", redis_url=url) as storage:
        index = VectorStoreIndex(
            index_struct=IndexDict(index_id="merging"), storage_context=storage, embed_model=WordLlamaEmbedding()
        )
        leaves = VectorIndexRetriever(index, similarity_top_k=12)
        merged = AutoMergingRetriever(leaves, storage).retrieve("sets")
        print(f"  {len(leaves.retrieve('sets'))} leaves become {len(merged)} nodes")


def main() -> None:
    """Do everything as several processes would, one after the other."""
    with EmbeddedRedis() as server:
        for day, texts in (("monday", MONDAY), ("monday again", MONDAY), ("tuesday", TUESDAY)):
            print(day)
            refresh(server.url, texts)
            ingest(server.url, texts)
        print("merging")
        merge(server.url)


if __name__ == "__main__":
    main()
