"""The retriever over a store: LangChain's three search types, text and hybrid, and batches in one round trip."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, cast

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import get_config_list
from langchain_core.vectorstores import VectorStoreRetriever

from redisvl_adapters.langchain.search_types import SEARCH_TYPES, SearchType

if TYPE_CHECKING:
    from redisvl_adapters.langchain.vector_store import RedisVectorStore  # which imports this module

Configs: TypeAlias = RunnableConfig | list[RunnableConfig] | None
"""The configuration of all runs, or one for each."""

_OURS = frozenset({"text", "hybrid"})
"""The search types that LangChain's own retriever does not know."""

_FOUND = "_found"
"""The keyword under which ``batch`` hands the documents that it has found to the run of each query."""


class RedisRetriever(VectorStoreRetriever):
    """A retriever over a Redis vector store. ``as_retriever`` of the store makes one.

    ``batch`` and ``abatch`` embed all queries by one call and search in one round trip.
    """

    allowed_search_types: ClassVar[Collection[str]] = tuple(SEARCH_TYPES)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        if (found := kwargs.pop(_FOUND, None)) is not None:
            return list(found)
        if self.search_type in _OURS:
            return self.vectorstore.search(query, self.search_type, **{**self.search_kwargs, **kwargs})
        return super()._get_relevant_documents(query, run_manager=run_manager, **kwargs)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        if (found := kwargs.pop(_FOUND, None)) is not None:
            return list(found)
        if self.search_type in _OURS:
            return await self.vectorstore.asearch(query, self.search_type, **{**self.search_kwargs, **kwargs})
        return await super()._aget_relevant_documents(query, run_manager=run_manager, **kwargs)

    def batch(
        self, inputs: list[str], config: Configs = None, *, return_exceptions: bool = False, **kwargs: Any
    ) -> list[list[Document]]:
        """Retrieve for several queries: embedded by one call, searched in one round trip. Each has a run of its own."""
        try:
            found = self._store.retrieve_batch(self._type, inputs, **{**self.search_kwargs, **kwargs})
        except Exception:  # noqa: BLE001  # asked again one by one, so that each run says what happened to it
            return super().batch(inputs, config, return_exceptions=return_exceptions, **kwargs)
        runs = zip(inputs, get_config_list(config, len(inputs)), found, strict=True)
        return [self.invoke(query, each, **{_FOUND: documents}) for query, each, documents in runs]

    async def abatch(
        self, inputs: list[str], config: Configs = None, *, return_exceptions: bool = False, **kwargs: Any
    ) -> list[list[Document]]:
        """Retrieve for several queries. See ``batch``."""
        try:
            found = await self._store.aretrieve_batch(self._type, inputs, **{**self.search_kwargs, **kwargs})
        except Exception:  # noqa: BLE001  # asked again one by one, so that each run says what happened to it
            return await super().abatch(inputs, config, return_exceptions=return_exceptions, **kwargs)
        runs = zip(inputs, get_config_list(config, len(inputs)), found, strict=True)
        return [await self.ainvoke(query, each, **{_FOUND: documents}) for query, each, documents in runs]

    @property
    def _store(self) -> RedisVectorStore:
        return cast("RedisVectorStore", self.vectorstore)

    @property
    def _type(self) -> SearchType:
        return cast("SearchType", self.search_type)
