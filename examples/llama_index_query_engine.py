"""A LlamaIndex query engine that answers from filtered nodes, and names them. Runs offline.

With a real model, change two lines: ``llm = OpenAI("gpt-5")`` and the import of it from ``llama_index.llms.openai``.

pip install "redisvl-adapters[llama-index,embedded]" wordllama
"""

from collections.abc import Generator
from typing import Any

from llama_index.core import VectorStoreIndex
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.schema import TextNode
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

from library import FIELDS, NOTES
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.llama_index import RedisVectorStore
from wordllama_llama_index import WordLlamaEmbedding


class FirstNote(CustomLLM):
    """A model that answers with the first note in its prompt."""

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of a model."""
        return LLMMetadata()

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:  # noqa: FBT001, FBT002
        """Return the first line of the prompt that is a text of a note."""
        del formatted
        texts = [text for text, _ in NOTES.values()]
        return CompletionResponse(text=next(line for line in prompt.splitlines() if line in texts))

    def stream_complete(self, prompt: str, *_: Any, **__: Any) -> Generator[CompletionResponse, None, None]:
        """Return the same at once."""
        yield self.complete(prompt)


def main() -> None:
    """Ask one question within three filters."""
    with EmbeddedRedis() as server:
        store = RedisVectorStore(index_name="notes", redis_url=server.url, metadata_schema=FIELDS)
        with store:
            index = VectorStoreIndex.from_vector_store(store, embed_model=WordLlamaEmbedding())
            index.insert_nodes([TextNode(id_=name, text=text, metadata=data) for name, (text, data) in NOTES.items()])
            llm = FirstNote()
            filters: dict[str, list[MetadataFilter | MetadataFilters]] = {
                "everything": [],
                "async": [MetadataFilter(key="topic", value="async")],
                "async, before 2020": [
                    MetadataFilter(key="topic", value="async"),
                    MetadataFilter(key="year", value=2020, operator=FilterOperator.LT),
                ],
            }
            for told, wanted in filters.items():
                engine = index.as_query_engine(llm, filters=MetadataFilters(filters=wanted), similarity_top_k=2)
                response = engine.query("What holds many items?")
                print(f"{told}: {response}")
                print(f"  sources: {', '.join(node.node_id for node in response.source_nodes)}")


if __name__ == "__main__":
    main()
