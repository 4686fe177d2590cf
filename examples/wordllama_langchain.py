"""The WordLlama model as a LangChain embedding."""

import asyncio

from langchain_core.embeddings import Embeddings

from wordllama_model import embed


class WordLlamaEmbeddings(Embeddings):
    """Embeds texts offline into 256 dimensions and unit length.

    An empty text is refused with a ValueError. The async methods run in a thread, since the model is CPU work.
    """

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts, one vector for each."""
        return embed(texts)

    def embed_query(self, text: str) -> list[float]:
        """Embed a query, in the same way as a document."""
        return embed([text])[0]

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts without blocking the event loop."""
        return await asyncio.to_thread(self.embed_documents, texts)

    async def aembed_query(self, text: str) -> list[float]:
        """Embed a query without blocking the event loop."""
        return await asyncio.to_thread(self.embed_query, text)
