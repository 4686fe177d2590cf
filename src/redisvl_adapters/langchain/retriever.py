"""Retrievers over a store: LangChain's three search types, text and hybrid, and batches in one round trip."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import get_config_list
from langchain_core.vectorstores import VectorStoreRetriever

from redisvl_adapters.errors import refuse_unknown
from redisvl_adapters.langchain.options import SEARCH_TYPES, check_search
from redisvl_adapters.langchain.textual import TextMethods


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
        store, search_kwargs = self._store, {**self.search_kwargs, **kwargs}
        match self.search_type:
            case "text":
                return store.text_search(query, **search_kwargs)
            case "hybrid":
                return store.hybrid_search(query, **search_kwargs)
            case _:
                return super()._get_relevant_documents(query, run_manager=run_manager, **kwargs)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        if (found := kwargs.pop(_FOUND, None)) is not None:
            return list(found)
        store, search_kwargs = self._store, {**self.search_kwargs, **kwargs}
        match self.search_type:
            case "text":
                return await store.atext_search(query, **search_kwargs)
            case "hybrid":
                return await store.ahybrid_search(query, **search_kwargs)
            case _:
                return await super()._aget_relevant_documents(query, run_manager=run_manager, **kwargs)

    def batch(
        self,
        inputs: list[str],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[list[Document]]:
        """Retrieve for several queries: embedded by one call, searched in one round trip. Each has a run of its own."""
        try:
            found = self._store.retrieve_batch(self.search_type, inputs, **{**self.search_kwargs, **kwargs})
        except Exception:  # noqa: BLE001  # asked again one by one, so that each run says what happened to it
            return super().batch(inputs, config, return_exceptions=return_exceptions, **kwargs)
        configs = get_config_list(config, len(inputs))
        return [
            self.invoke(query, each, **{_FOUND: documents})
            for query, each, documents in zip(inputs, configs, found, strict=True)
        ]

    async def abatch(
        self,
        inputs: list[str],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[list[Document]]:
        """Retrieve for several queries. See ``batch``."""
        try:
            found = await self._store.aretrieve_batch(self.search_type, inputs, **{**self.search_kwargs, **kwargs})
        except Exception:  # noqa: BLE001  # asked again one by one, so that each run says what happened to it
            return await super().abatch(inputs, config, return_exceptions=return_exceptions, **kwargs)
        configs = get_config_list(config, len(inputs))
        return [
            await self.ainvoke(query, each, **{_FOUND: documents})
            for query, each, documents in zip(inputs, configs, found, strict=True)
        ]

    @property
    def _store(self) -> TextMethods:
        assert isinstance(self.vectorstore, TextMethods)  # noqa: S101  # as_retriever passes the store itself
        return self.vectorstore


_FOUND = "_found"


class RetrieverMethods(TextMethods):
    """Making retrievers."""

    def as_retriever(self, **kwargs: Any) -> RedisRetriever:
        """Return a retriever over this store.

        Args:
            kwargs: ``search_type`` ("similarity", "similarity_score_threshold", "mmr", "text" or "hybrid"),
                ``search_kwargs`` (what the method of that type takes: ``k``, ``filter``, ``score_threshold``,
                ``fetch_k``, ``alpha`` and so on), and what every LangChain retriever has (``tags``, ``metadata``,
                ``name``).

        Raises:
            UnknownArgumentError: If there is a keyword, or a search keyword, that the retriever does not have.
            ArgumentError: If the search type does not exist, or a search keyword is out of its range or contradicts
                another.
        """
        known = set(VectorStoreRetriever.model_fields) - {"vectorstore"}
        refuse_unknown("as_retriever", {name: kwargs[name] for name in kwargs if name not in known}, known)
        search_type = kwargs.get("search_type", "similarity")
        search_kwargs = kwargs.get("search_kwargs") or {}
        check_search(search_type, search_kwargs)
        search_kwargs = dict(search_kwargs)
        if "score_threshold" in search_kwargs:
            # LangChain takes a float alone.
            search_kwargs["score_threshold"] = float(search_kwargs["score_threshold"])
        tags = kwargs.pop("tags", None) or self._get_retriever_tags()
        return RedisRetriever(vectorstore=self, tags=tags, **{**kwargs, "search_kwargs": search_kwargs})
