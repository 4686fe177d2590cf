"""What the vector stores of both frameworks tell of words: the terms of a text, and passages with matches marked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from redisvl_adapters.core.filters.algebra import Match
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.search.words import MARKS, PASSAGE_LENGTH, PASSAGES, analyse, highlight
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import known_keywords

F = TypeVar("F")


class WordMethods(ABC, Generic[F]):
    """The methods of a store that tell of words; what it finds is an ``F``."""

    _index: RedisIndex

    @abstractmethod
    def _text_of(self, found: F) -> tuple[str, Mapping[str, Any]]:
        """Return the text and the metadata of what was found.

        Raises:
            ArgumentError: If it is something else.
        """

    @known_keywords
    def analyse(self, text: str, *, language: str | None = None) -> list[str]:
        """Return the terms by which a text is found, so that a miss can be understood.

        Args:
            text: The text of a record, or a query.
            language: Its language; by default that of the index.

        Raises:
            ArgumentError: If the index has no texts in that language.
        """
        return self._index.run(analyse(self._index.state, text, language))

    @known_keywords
    async def aanalyse(self, text: str, *, language: str | None = None) -> list[str]:
        """Return the terms by which a text is found. See ``analyse``."""
        return await self._index.arun(analyse(self._index.state, text, language))

    @known_keywords
    def highlight(
        self,
        query: str,
        found: F | str,
        *,
        match: Match = "any",
        language: str | None = None,
        length: int = PASSAGE_LENGTH,
        most: int = PASSAGES,
        marks: Sequence[str] = MARKS,
    ) -> list[str]:
        """Return the passages of what was found that have the words of a query, with these words marked.

        Args:
            query: The text that was searched for.
            found: What was found, or a text.
            match: Whether to mark ``any`` of the words but function words, ``all``, or them side by side, as a
                ``phrase``.
            language: The language of the query; by default that of the index.
            length: About how many characters a passage has.
            most: How many passages there are at most: those that have most of the words.
            marks: What stands before and behind a word that is marked. Nothing of the text is escaped.

        Returns:
            The passages in their order; none if the text has none of the words, as when its vector was found.

        Raises:
            ArgumentError: If an argument is out of range.
        """
        return self._index.run(self._highlight(query, found, match, language, length, most, marks))

    @known_keywords
    async def ahighlight(
        self,
        query: str,
        found: F | str,
        *,
        match: Match = "any",
        language: str | None = None,
        length: int = PASSAGE_LENGTH,
        most: int = PASSAGES,
        marks: Sequence[str] = MARKS,
    ) -> list[str]:
        """Return the passages of what was found that have the words of a query. See ``highlight``."""
        return await self._index.arun(self._highlight(query, found, match, language, length, most, marks))

    def _highlight(
        self,
        query: str,
        found: F | str,
        match: Match,
        language: str | None,
        length: int,
        most: int,
        marks: Sequence[str],
    ) -> Steps[list[str]]:
        text, metadata = (found, None) if isinstance(found, str) else self._text_of(found)
        return highlight(
            self._index.state,
            query,
            text,
            metadata,
            match=match,
            language=language,
            length=length,
            most=most,
            marks=marks,
        )
