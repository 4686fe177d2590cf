"""The WordLlama model as a LlamaIndex embedding."""

import asyncio

from llama_index.core.base.embeddings.base import Embedding
from llama_index.core.bridge.pydantic import Field
from llama_index.core.embeddings import BaseEmbedding

from wordllama_model import MODEL_NAME, embed


class WordLlamaEmbedding(BaseEmbedding):
    """Embeds texts offline into 256 dimensions and unit length.

    An empty text is refused with a ValueError. The async methods run in a thread, since the model is CPU work.
    """

    model_name: str = Field(default=MODEL_NAME, description="The name of the embedding model.")
    embed_batch_size: int = Field(default=1024, description="Texts embedded in one call.", gt=0, le=2048)

    @classmethod
    def class_name(cls) -> str:
        """The name under which LlamaIndex serialises this class."""
        return "WordLlamaEmbedding"

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return embed(texts)

    def _get_text_embedding(self, text: str) -> Embedding:
        return embed([text])[0]

    def _get_query_embedding(self, query: str) -> Embedding:
        return embed([query])[0]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await asyncio.to_thread(self._get_query_embedding, query)
