"""Ranking anew: the candidates of a search, by a reranker, by their age, or by both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.mmr_search import choose_among
from redisvl_adapters.core.search.recency import Recency, decay
from redisvl_adapters.core.search.rerank import Reranker, best_first
from redisvl_adapters.core.search.results import Hit
from redisvl_adapters.core.search.scores import between_0_and_1
from redisvl_adapters.core.search.search_checks import check_fetch_k, default_fetch_k
from redisvl_adapters.errors import RerankError, UnknownArgumentError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ranking(Generic[T]):
    """How the candidates of a search are ranked anew: first by the reranker, whose scores then decay with age.

    Attributes:
        reranker: What scores them anew; None to keep the scores of the search.
        recency: How scores decay; None to leave them.
        make: Makes what is ranked of a record: a document, or a node.
        metadata_of: Its metadata.
    """

    reranker: Reranker[T] | None
    recency: Recency | None
    make: Callable[[Record], T]
    metadata_of: Callable[[T], Mapping[str, Any]]

    def rank(self, query: str, hits: Sequence[Hit]) -> list[tuple[T, float]]:
        """Return candidates with their scores, best first; a compressor may have left some out.

        Args:
            query: The text of the query.
            hits: The candidates with their scores, best first.

        Raises:
            RerankError: If the reranker does not give scores.
            ArgumentError: If a time is none, or a score that is to decay is below 0.
        """
        found = self._made(hits)
        return self._aged(self.reranker.rerank(query, found) if self.reranker and found else found)

    async def arank(self, query: str, hits: Sequence[Hit]) -> list[tuple[T, float]]:
        """Return candidates with their scores. See ``rank``."""
        found = self._made(hits)
        return self._aged(await self.reranker.arerank(query, found) if self.reranker and found else found)

    def _made(self, hits: Sequence[Hit]) -> list[tuple[T, float]]:
        return [(self.make(hit.record), hit.score or 0.0) for hit in hits]

    def _aged(self, found: list[tuple[T, float]]) -> list[tuple[T, float]]:
        if self.recency is None:
            return found
        items = [item for item, _ in found]
        factors = self.recency.factors([self.metadata_of(item) for item in items])
        return best_first(list(zip(items, decay([score for _, score in found], factors), strict=True)))


def read_fetch_k(where: str, k: int, fetch_k: int | None, ranking: Ranking[Any] | None) -> int:
    """Return how many candidates a search by vector or by text has: k, unless they are ranked anew.

    Args:
        where: Names the search in errors.
        k: How many results.
        fetch_k: How many candidates were asked for.
        ranking: How they are ranked anew, if they are.

    Raises:
        ArgumentError: If fetch_k is out of range, or less than k.
        UnknownArgumentError: If nothing is ranked anew.
    """
    if ranking is None:
        if fetch_k is not None:
            raise UnknownArgumentError(
                f"{where} has no argument 'fetch_k' without rerank or recency; k is how many it finds"
            )
        return check_k(k)
    check_fetch_k(k, fetch_k)
    return default_fetch_k(k) if fetch_k is None else fetch_k


def choose_unlike(
    found: Sequence[tuple[T, float]],
    hits: Sequence[Hit],
    id_of: Callable[[T], str | None],
    *,
    k: int,
    lambda_mult: float,
) -> list[tuple[T, float]]:
    """Choose among ranked candidates some that are good and unlike each other: MMR, with their scores as relevance.

    Args:
        found: The candidates with their scores, which are brought between 0 and 1 for this.
        hits: The same with their vectors.
        id_of: The id of a candidate.
        k: How many to choose at most.
        lambda_mult: 1 looks at the scores alone, 0 at variety alone.

    Raises:
        RerankError: If the reranker gave back what the search did not find.
    """
    vectors = {hit.record.id: hit.record.vector for hit in hits}
    ids = [id_of(item) for item, _ in found]
    if unknown := [each for each in ids if each not in vectors]:
        raise RerankError(
            f"the reranker gave back what mmr has no vector of (id {unknown[0]!r:.80}); it may leave out documents, "
            "but not make new ones"
        )
    scores = between_0_and_1({place: score for place, (_, score) in enumerate(found)})
    chosen = choose_among([vectors[each or ""] for each in ids], [*scores.values()], k=k, lambda_mult=lambda_mult)
    return [found[place] for place in chosen]
