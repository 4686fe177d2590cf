"""The search types of a retriever, and what their types say of them."""

from __future__ import annotations

from typing import get_args

from redisvl_adapters.errors import UnknownArgumentError
from redisvl_adapters.langchain import SearchKwargs
from redisvl_adapters.langchain.search_types import SEARCH_TYPES, SearchType


def taken_by(search_type: str) -> set[str]:
    """Return the keywords of a search type, as its error lists them."""
    try:
        SEARCH_TYPES[search_type]("a search", nonsense=1)
    except UnknownArgumentError as error:
        return set(str(error).rpartition("it takes: ")[2].split(", "))
    raise AssertionError(f"{search_type} takes nonsense")


def test_the_type_of_search_types_lists_those_that_there_are() -> None:
    assert get_args(SearchType) == tuple(SEARCH_TYPES)


def test_search_kwargs_has_the_keywords_of_all_search_types() -> None:
    assert set(SearchKwargs.__annotations__) == set[str]().union(*map(taken_by, SEARCH_TYPES))
