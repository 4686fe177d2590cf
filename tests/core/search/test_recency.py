"""Recency: how scores decay with age, and what is no age."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from redisvl_adapters.core.search.recency import Recency, decay, read_recency, value_at
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError

DAY = 86_400
NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def recency(**options: Any) -> Recency:
    read = read_recency({"key": "at", "half_life": "30d", "now": NOW, **options})
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("half_life", "seconds"),
    [
        ("30d", 30 * DAY),
        (" 1.5 h ", 5400),
        ("90s", 90),
        ("2m", 120),
        ("2w", 14 * DAY),
        (60, 60),
        (0.5, 0.5),
        (timedelta(days=30), 30 * DAY),
        (timedelta(milliseconds=1), 0.001),
    ],
)
def test_a_half_life_is_a_timedelta_seconds_or_text_with_a_unit(half_life: Any, seconds: float) -> None:
    assert recency(half_life=half_life).half_life == seconds


@pytest.mark.parametrize(
    ("age", "factor"),
    [(0, 1.0), (30 * DAY, 0.5), (60 * DAY, 0.25), (15 * DAY, 0.5**0.5), (-DAY, 1.0), (1e6 * DAY, 0.0)],
)
def test_a_score_is_half_after_each_half_life_and_the_future_is_as_new_as_now(age: float, factor: float) -> None:
    moment = NOW.timestamp() - age
    assert recency().factors([{"at": moment}]) == [pytest.approx(factor, abs=1e-12)]


@pytest.mark.parametrize(
    "moment",
    [
        NOW - timedelta(days=30),
        "2024-04-01T12:00:00+00:00",
        "2024-04-01T14:00:00+02:00",
        "2024-04-01T12:00:00",
        "2024-04-01 12:00",
        (NOW - timedelta(days=30)).timestamp(),
        int(NOW.timestamp()) - 30 * DAY,
    ],
)
def test_a_time_is_told_as_in_filters(moment: Any) -> None:
    assert recency().factors([{"at": moment}]) == [0.5]
    assert recency(now=moment, half_life=30 * DAY).now == pytest.approx((NOW - timedelta(days=30)).timestamp())


def test_a_date_is_its_first_moment() -> None:
    assert recency(now=date(2024, 5, 1)).factors([{"at": "2024-04-01"}, {"at": date(2024, 4, 1)}]) == [0.5, 0.5]


def test_a_record_without_a_time_keeps_its_score_unless_told_otherwise() -> None:
    without: list[dict[str, Any]] = [{}, {"at": None}, {"other": 1}]
    assert recency().factors(without) == [1.0] * 3
    assert recency(missing=0.25).factors(without) == [0.25] * 3
    assert recency(missing=0).factors(without) == [0] * 3


@pytest.mark.parametrize("moment", ["yesterday", "", True, [1], {"a": 1}, 2**54, "2024-13-01"])
def test_what_is_no_time_is_refused_with_its_value(moment: Any) -> None:
    with pytest.raises(ArgumentError, match=r"^recency: metadata 'at' is .+, and "):
        recency().factors([{"at": moment}])


def test_milliseconds_are_not_taken_for_seconds_of_a_far_future() -> None:
    with pytest.raises(ArgumentError, match="after the year 9999 in epoch seconds; store seconds, not milliseconds"):
        recency().factors([{"at": NOW.timestamp() * 1000}])
    assert recency().factors([{"at": datetime(9999, 12, 31, tzinfo=UTC)}]) == [1.0]


def test_without_now_ages_count_from_the_search() -> None:
    now = datetime.now(UTC)
    read = read_recency({"key": "at", "half_life": timedelta(days=1)})
    assert read is not None
    assert read.factors([{"at": now - timedelta(days=1)}]) == [pytest.approx(0.5, abs=1e-3)]


def test_dots_reach_into_mappings_and_a_key_with_dots_is_found_too() -> None:
    assert value_at({"a": {"b": {"c": 1}}}, "a.b.c") == 1
    assert value_at({"a.b": {"c": 2}}, "a.b.c") == 2
    assert value_at({"a.b.c": 3, "a": {"b": {"c": 1}}}, "a.b.c") == 3
    assert value_at({"a": 1}, "a.b") is None
    assert value_at({"a": {"b": None}}, "a.c") is None
    assert recency(key="made.at").factors([{"made": {"at": NOW - timedelta(days=60)}}]) == [0.25]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (5, "recency is a mapping, such as"),
        ("at", "recency is a mapping"),
        ({"key": "at"}, "recency has no 'half_life'; write"),
        ({"half_life": "30d"}, "recency has no 'key'"),
        ({"key": "", "half_life": "30d"}, "'key' of recency is a non-empty string"),
        ({"key": 5, "half_life": "30d"}, "'key' of recency"),
        ({"key": "at", "half_life": "30 days"}, "'half_life' of recency is .*units s, m, h, d, w; not '30 days'"),
        ({"key": "at", "half_life": "d"}, "'half_life'"),
        ({"key": "at", "half_life": "-3d"}, "'half_life'"),
        ({"key": "at", "half_life": "0d"}, "'half_life'"),
        ({"key": "at", "half_life": 0}, "'half_life'"),
        ({"key": "at", "half_life": True}, "'half_life'"),
        ({"key": "at", "half_life": float("nan")}, "'half_life'"),
        ({"key": "at", "half_life": float("inf")}, "'half_life'"),
        ({"key": "at", "half_life": timedelta()}, "'half_life'"),
        ({"key": "at", "half_life": "1d", "missing": 2}, "'missing' of recency is a number from 0 to 1"),
        ({"key": "at", "half_life": "1d", "now": "soon"}, "'now' of recency is 'soon'"),
        ({"key": "at", "half_life": "1d", "now": 1_700_000_000_000}, "'now' of recency .*seconds, not milliseconds"),
        ({5: "at"}, "recency has no argument '5'"),
    ],
)
def test_what_cannot_be_a_recency_is_refused(options: Any, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        read_recency(options)


def test_a_misspelt_part_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownArgumentError, match=r"recency has no argument 'halflife'.*mean 'half_life'"):
        read_recency({"key": "at", "halflife": "30d"})


def test_none_is_no_recency() -> None:
    assert read_recency(None) is None


def test_scores_are_multiplied_and_those_below_0_refused() -> None:
    assert decay([1.0, 0.5, 0.0], [0.5, 0.5, 1.0]) == [0.5, 0.25, 0.0]
    with pytest.raises(ArgumentError, match=r"the reranker gave -2\.5; let it give probabilities"):
        decay([1.0, -2.5], [1.0, 1.0])
