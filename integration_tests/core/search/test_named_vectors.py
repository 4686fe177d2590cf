"""Searches by another vector than the main one, and by several at once: what brute force finds, in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from integration_tests.core import core_support
from integration_tests.core.core_support import Indexes, until, where
from integration_tests.core.search import search_support as retrieving_support
from integration_tests.core.search.search_support import Sent
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.search.scores import relevance, similarity
from redisvl_adapters.errors import ArgumentError

sent = retrieving_support.sent  # a fixture

SIZE = 60
METRICS = {"text": "cosine", "title": "l2", "image": "ip"}
DIMS = {"text": 6, "title": 4, "image": 5}
WEIGHTS = {"text": 2, "title": 1, "image": 1}


def rows(seed: int) -> dict[str, NDArray[np.float64]]:
    dice = np.random.default_rng(seed)
    return {name: dice.normal(size=(SIZE, dims)).astype(np.float32).astype(np.float64) for name, dims in DIMS.items()}


ROWS = rows(0)
QUERIES = {name: found[0] for name, found in rows(1).items()}


def has(name: str, place: int) -> bool:
    """Tell whether a record has a vector: a third have no title, a fifth no image."""
    return {"text": True, "title": place % 3 > 0, "image": place % 5 > 0}[name]


def distances(name: str) -> dict[str, float]:
    """Return the distances of the records that have a vector from the query, as Redis defines them, nearest first."""
    query = QUERIES[name]
    found: dict[str, float] = {}
    for place, row in enumerate(ROWS[name]):
        if has(name, place):
            match METRICS[name]:
                case "cosine":
                    found[str(place)] = 1 - row @ query / np.linalg.norm(row) / np.linalg.norm(query)
                case "l2":
                    found[str(place)] = ((row - query) ** 2).sum()
                case _:
                    found[str(place)] = 1 - row @ query
    return dict(sorted(found.items(), key=lambda item: item[1]))


def scores(weights: Mapping[str, float], measure: Any = similarity) -> dict[str, float]:
    """Return the scores of all records, best first."""
    total = sum(weights.values())
    told = {name: distances(name) for name in weights}
    made = {
        str(place): sum(
            weight / total * measure(told[name][str(place)], METRICS[name])
            for name, weight in weights.items()
            if has(name, place)
        )
        for place in range(SIZE)
    }
    return dict(sorted(made.items(), key=lambda item: (-item[1], item[0])))


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> Any:
    options: dict[str, Any] = {
        "vectors": {
            "title": {"dims": DIMS["title"], "distance_metric": "l2", "algorithm": "flat"},
            "image": {"distance_metric": "ip"},
        }
    }
    async with core_support.opened_indexes(
        redis_url=redis_url, index_name=index_name, storage=storage, **options
    ) as made:
        yield made


@pytest.fixture
def index(make: Indexes) -> RedisIndex:
    made = make()
    records = [
        Record(
            str(place),
            f"text of {place}",
            {"n": place, "tenant": "ab"[place % 2]},
            vectors={name: ROWS[name][place] for name in ("title", "image") if has(name, place)} or None,
        )
        for place in range(SIZE)
    ]
    made.run(operations.upsert(made.state, records, ROWS["text"]))
    # One that knows how many records there are.
    opened = make()
    opened.run(operations.count(opened.state))
    return opened


def by_one(index: RedisIndex, name: str, k: int, filter: Any = None, **options: Any) -> dict[str, float]:
    hits = index.run(operations.search_by_vector(index.state, QUERIES[name], k, filter, vector=name, **options))
    return {hit.record.id: hit.distance for hit in hits}


def weighted(index: RedisIndex, k: int, filter: Any = None, **options: Any) -> dict[str, float]:
    given = {"weights": WEIGHTS, **options}
    hits = index.run(operations.search_weighted(index.state, QUERIES, k, filter, **given))
    return {hit.record.id: hit.score or 0.0 for hit in hits}


def first(found: Mapping[str, float], k: int) -> dict[str, float]:
    return dict(list(found.items())[:k])


@pytest.mark.parametrize("name", DIMS)
def test_a_search_by_one_vector_finds_the_records_that_have_it(index: RedisIndex, sent: Sent, name: str) -> None:
    true = distances(name)
    sent.clear()
    found = by_one(index, name, 10)
    assert sent.names() == [{"FT.SEARCH"}]
    assert list(found) == list(true)[:10]
    assert found == pytest.approx(first(true, 10), rel=1e-5, abs=1e-5)
    assert by_one(index, name, SIZE).keys() == true.keys()
    half = {each: distance for each, distance in true.items() if int(each) >= SIZE / 2}
    assert list(by_one(index, name, 5, where("n", "gte", SIZE // 2))) == list(half)[:5]
    assert list(by_one(index, name, 5, ids=list(half))) == list(half)[:5]
    bound = list(true.values())[7] + 1e-6
    assert list(by_one(index, name, SIZE, distance_threshold=bound)) == list(true)[:8]
    (several,) = index.run(operations.search_batch(index.state, [QUERIES[name]], 3, vector=name))
    assert [hit.record.id for hit in several] == list(true)[:3]
    within = index.scoped({"tenant": "a"})
    assert list(by_one(within, name, 4)) == [each for each in true if not int(each) % 2][:4]


def test_mmr_by_a_named_vector_chooses_by_that(index: RedisIndex) -> None:
    hits = index.run(operations.search_mmr(index.state, QUERIES["title"], 4, vector="title", fetch_k=12))
    nearest = list(distances("title"))[:12]
    cosines = {
        each: ROWS["title"][int(each)] @ QUERIES["title"] / np.linalg.norm(ROWS["title"][int(each)]) for each in nearest
    }
    assert hits[0].record.id == max(cosines, key=cosines.__getitem__)
    assert {hit.record.id for hit in hits} <= set(nearest)
    for hit in hits:
        assert hit.record.vector is not None
        assert np.allclose(hit.record.vector, ROWS["title"][int(hit.record.id)], rtol=1e-6)


@pytest.mark.parametrize(
    "weights", [WEIGHTS, {"text": 0.7, "title": 0.3}, {"title": 1, "image": 3}, {"image": 5}, {"text": 1, "title": 0}]
)
def test_scores_of_several_vectors_are_exact_in_one_round_trip(
    index: RedisIndex, sent: Sent, weights: dict[str, float]
) -> None:
    true = scores(weights)
    sent.clear()
    found = weighted(index, 10, weights=weights)
    assert sent.names() == [{"FT.SEARCH"}]
    assert list(found) == list(true)[:10]
    assert found == pytest.approx(first(true, 10), rel=1e-5, abs=1e-5)
    # The main vector by the name of its field.
    renamed = {"embedding" if name == "text" else name: weight for name, weight in weights.items()}
    queries = {**QUERIES, "embedding": QUERIES["text"]}
    hits = index.run(operations.search_weighted(index.state, queries, 10, weights=renamed))
    assert {hit.record.id: hit.score for hit in hits} == found


def test_several_vectors_go_with_filters_ids_scopes_and_few_candidates(index: RedisIndex, sent: Sent) -> None:
    true = scores(WEIGHTS)
    late = {each: score for each, score in true.items() if int(each) >= SIZE / 2}
    assert list(weighted(index, 5, where("n", "gte", SIZE // 2))) == list(late)[:5]
    assert list(weighted(index, 5, ids=list(late))) == list(late)[:5]
    within = index.scoped({"tenant": "b"})
    assert list(weighted(within, 4)) == [each for each in true if int(each) % 2][:4]
    # Only what one of the vectors has among its nearest is compared, by all of them.
    candidates = {each for name in WEIGHTS for each in list(distances(name))[:4]}
    few = weighted(index, 4, fetch_k=4)
    assert list(few) == [each for each in true if each in candidates][:4]
    assert few == pytest.approx({each: true[each] for each in few}, rel=1e-5, abs=1e-5)
    worth = scores(WEIGHTS, relevance)
    assert weighted(index, SIZE, measure=relevance) == pytest.approx(worth, rel=1e-5, abs=1e-5)
    assert weighted(index, 0) == {}
    sent.clear()
    hybrid = operations.search_hybrid(index.state, QUERIES, "text of 7", 3, weights=WEIGHTS)
    found = index.run(hybrid)
    assert sent.names() == [{"FT.SEARCH"}]
    assert found[0].record.id == "7"


def test_what_several_vectors_found_lives_on(make: Indexes, index: RedisIndex) -> None:
    index.run(operations.expire(index.state, [str(place) for place in range(SIZE)], 10_000))
    sliding = make(ttl=100, sliding_ttl=True)
    best = weighted(sliding, 3)
    lives = index.run(operations.remaining_ttl(index.state, [str(place) for place in range(SIZE)]))
    renewed = {str(place) for place, left in enumerate(lives) if left is not None and left > 20}
    assert renewed == set(best)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weights": {"titel": 1}}, r"no vector 'titel' \(did you mean 'title'\?\); it has: text, title, image"),
        ({"weights": {"text": 1, "embedding": 1}}, "the main vector twice"),
        ({"weights": {"text": -1}}, "finite numbers from 0 on.*'text': -1"),
        ({"weights": {"text": float("nan")}}, "finite numbers from 0 on"),
        ({"weights": {"text": True}}, "finite numbers from 0 on"),
        ({"weights": {"text": 0, "title": 0.0}}, "at least one is above 0"),
        ({"weights": {}}, "a mapping of the names of vectors"),
        ({"weights": [1, 2]}, "a mapping of the names of vectors"),
        ({"weights": {"text": 1e308, "title": 1e308}}, "at least one is above 0"),
        ({"vector": "title"}, "give one of them"),
        ({"distance_threshold": 1.0}, "distance_threshold is for searches by one vector"),
        ({"fetch_k": 3}, "fetch_k is at least k"),
    ],
)
def test_a_wrong_choice_of_several_vectors_is_told(index: RedisIndex, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        weighted(index, 10, **options)


def test_a_wrong_choice_of_one_vector_is_told(index: RedisIndex) -> None:
    def search(vector: Any, /, **options: Any) -> None:
        index.run(operations.search_by_vector(index.state, vector, 3, **options))

    with pytest.raises(ArgumentError, match=r"no vector 'titel' \(did you mean 'title'"):
        search(QUERIES["title"], vector="titel")
    with pytest.raises(ArgumentError, match="query by vector 'title' has a vector of 6 dimensions, the index has 4"):
        search(QUERIES["text"], vector="title")
    with pytest.raises(ArgumentError, match="name of a vector; not 3"):
        search(QUERIES["text"], vector=3)
    with pytest.raises(ArgumentError, match="choose one of them by vector="):
        search(QUERIES["text"], weights=WEIGHTS)
    with pytest.raises(ArgumentError, match="mmr compares vectors of one kind"):
        index.run(operations.search_mmr(index.state, QUERIES["text"], 3, weights=WEIGHTS))
    with pytest.raises(ArgumentError, match="weights has the vector 'image', and there is no query vector for it"):
        index.run(operations.search_weighted(index.state, {"text": QUERIES["text"]}, 3, weights={"image": 1}))
    list_of_numbers: Any = QUERIES["text"]
    with pytest.raises(ArgumentError, match="takes the query vector of each"):
        index.run(operations.search_weighted(index.state, list_of_numbers, 3, weights={"image": 1}))
    with pytest.raises(ArgumentError, match="ef_runtime is for hnsw"):
        search(QUERIES["title"], vector="title", ef_runtime=300)


def test_before_the_first_record_nothing_is_found_and_unknown_vectors_are_told(make: Indexes) -> None:
    index = make()
    assert by_one(index, "title", 3) == weighted(index, 3) == {}
    with pytest.raises(ArgumentError, match="no vector 'titel'"):
        index.run(operations.search_by_vector(index.state, [1.0], 3, vector="titel"))


def test_records_that_are_deleted_and_written_again_are_found(make: Indexes, index: RedisIndex) -> None:
    index.run(operations.delete(index.state, [str(place) for place in range(SIZE) if place % 2]))
    true = {each: distance for each, distance in distances("image").items() if not int(each) % 2}
    until(lambda: list(by_one(make(), "image", 10)) == list(true)[:10])
    index.run(operations.upsert(index.state, [Record("0", "without"), Record("2", "without")], ROWS["text"][:2]))
    until(lambda: by_one(make(), "image", SIZE).keys() == true.keys() - {"0", "2"})
