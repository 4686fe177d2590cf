"""``explain``: what the store sends for a search, how the server reads it, and where its time goes."""

from __future__ import annotations

from typing import Unpack

from redisvl_adapters.core.arguments import check_choice
from redisvl_adapters.core.search.explanation import SearchExplanation
from redisvl_adapters.core.search.query_vectors import QueryVector
from redisvl_adapters.langchain.search_options import SearchKwargs
from redisvl_adapters.langchain.search_types import SEARCH_TYPES, Search, SearchType
from redisvl_adapters.langchain.searcher import Searcher
from redisvl_adapters.signatures import list_keywords


class ExplainMethods:
    """What tells of a search why it is slow, sync and async."""

    _searcher: Searcher

    @list_keywords(SearchKwargs)
    def explain(
        self, query: str | QueryVector, search_type: SearchType = "similarity", **search_kwargs: Unpack[SearchKwargs]
    ) -> SearchExplanation:
        """Make a search once, and return what was sent for it, how the server reads it, and where its time went.

        Then each of its commands is asked once more, by FT.PROFILE: on a server that is busy this costs as much as the
        search. What it finds does not live longer for it. ``print`` the explanation to read it.

        Args:
            query: What is searched for: a text, or a vector where the search looks for no words.
            search_type: What kind of search. See ``as_retriever``.
            search_kwargs: What the search takes. See ``SearchKwargs``.

        Raises:
            UnknownArgumentError: If the search does not have a keyword.
            ArgumentError: If a keyword is out of its range, or contradicts another.
            FilterError: If the filter cannot be honoured.
            AuthenticationError: If the user may not run FT.EXPLAIN or FT.PROFILE.
        """
        return self._searcher.explain(query, _search(search_type, search_kwargs))

    @list_keywords(SearchKwargs)
    async def aexplain(
        self, query: str | QueryVector, search_type: SearchType = "similarity", **search_kwargs: Unpack[SearchKwargs]
    ) -> SearchExplanation:
        """Make a search once, and return what was sent for it, and where its time went. See ``explain``."""
        return await self._searcher.aexplain(query, _search(search_type, search_kwargs))


def _search(search_type: str, search_kwargs: SearchKwargs) -> Search:
    check_choice(search_type, "search_type", tuple(SEARCH_TYPES))
    return SEARCH_TYPES[search_type](f"explain of a {search_type!r} search", **search_kwargs)
