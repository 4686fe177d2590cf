"""Calibration: what each threshold makes of labelled pairs, checked against counting by hand."""

from __future__ import annotations

import dataclasses
import math
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redisvl_adapters.core.caches.calibration import Calibration, acalibrate, calibrate
from redisvl_adapters.errors import ArgumentError, MissingExtraError


def embed(text: str) -> list[float]:
    """Return a vector at the cosine distance from that of "0" which the text tells."""
    cosine = 1 - float(text)
    return [cosine, math.sqrt(max(0.0, 1 - cosine**2))]


async def aembed(text: str) -> list[float]:
    """Do the same, async."""
    return embed(text)


PAIRS = [("0", "0.1", True), ("0", "0.2", True), ("0", "0.3", False), ("0", "0.4", True), ("0", "0.5", False)]


def test_each_threshold_has_its_precision_and_recall() -> None:
    found = calibrate(PAIRS, embed)
    rows = [(point.threshold, point.precision, point.recall, point.hits, point.wrong) for point in found.points]
    assert [row[1:] for row in rows] == [
        (1.0, 0.0, 0, 0),
        (1.0, 1 / 3, 1, 0),
        (1.0, 2 / 3, 2, 0),
        (2 / 3, 2 / 3, 3, 1),
        (3 / 4, 1.0, 4, 1),
        (3 / 5, 1.0, 5, 2),
    ]
    assert [row[0] for row in rows] == pytest.approx([0, 0.15, 0.25, 0.35, 0.45, 0.5])


@pytest.mark.parametrize(("beta", "threshold"), [(0.1, 0.25), (0.5, 0.25), (1, 0.45), (3, 0.45)])
def test_beta_says_whether_precision_or_recall_counts(beta: float, threshold: float) -> None:
    found = calibrate(PAIRS, embed, beta=beta)
    assert found.threshold == found.recommended.threshold == pytest.approx(threshold)
    precision, recall = found.recommended.precision, found.recommended.recall
    assert found.recommended.f_beta == pytest.approx(
        (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
    )


def test_pairs_that_can_be_told_apart_are_told_apart() -> None:
    found = calibrate([("0", "0.1", True), ("0", "0.6", False)], embed)
    assert found.threshold == pytest.approx(0.35)
    assert (found.recommended.precision, found.recommended.recall, found.recommended.f_beta) == (1, 1, 1)
    assert found.wrong_hits() == found.missed() == []


def test_it_tells_which_pairs_go_wrong() -> None:
    found = calibrate(PAIRS, embed)
    assert [(pair.other, pair.same) for pair in found.pairs] == [(other, same) for _, other, same in PAIRS]
    assert [pair.distance for pair in found.pairs] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert [pair.other for pair in found.missed()] == ["0.4"]
    assert [pair.other for pair in found.wrong_hits(0.45)] == ["0.3"]
    assert [pair.other for pair in found.missed(0.0)] == ["0.1", "0.2", "0.4"]


def test_thresholds_can_be_given() -> None:
    found = calibrate(PAIRS, embed, thresholds=[0.45, 0.05, 0.45])
    assert [(point.threshold, point.hits) for point in found.points] == [(0.05, 0), (0.45, 4)]
    assert found.threshold == 0.45


def test_it_agrees_with_counting() -> None:
    dice = random.Random(7)
    pairs = [("0", f"{dice.randrange(100) / 100}", dice.random() < 0.5) for _ in range(200)]
    found = calibrate(pairs, embed)
    assert {point.hits for point in found.points} == {
        sum(pair.distance <= point.threshold for pair in found.pairs) for point in found.points
    }
    for point in found.points:
        hits = [pair for pair in found.pairs if pair.distance <= point.threshold]
        right = sum(pair.same for pair in hits)
        assert (point.hits, point.wrong) == (len(hits), len(hits) - right)
        assert point.precision == (right / len(hits) if hits else 1)
        assert point.recall == right / sum(pair.same for pair in found.pairs)
    assert found.recommended.f_beta == max(point.f_beta for point in found.points)


def test_each_text_is_embedded_once() -> None:
    asked: list[str] = []

    def counting(text: str) -> list[float]:
        asked.append(text)
        return embed(text)

    calibrate(PAIRS, counting)
    assert sorted(asked) == ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]


async def test_async_gives_the_same() -> None:
    assert await acalibrate(PAIRS, aembed, beta=2) == calibrate(PAIRS, embed, beta=2)


@pytest.mark.parametrize("kind", [list, tuple, lambda vector: np.array(vector, dtype=np.float32)])
def test_vectors_are_lists_or_arrays_of_any_length(kind: Any) -> None:
    found = calibrate(PAIRS, lambda text: kind([number * 7 for number in embed(text)]))
    assert [pair.distance for pair in found.pairs] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=1e-6)


def test_results_cannot_be_changed() -> None:
    found = calibrate(PAIRS, embed)
    for part, name in ((found, "beta"), (found.recommended, "threshold"), (found.pairs[0], "distance")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, 1)


def test_the_table_is_small_and_shows_what_is_recommended() -> None:
    assert str(calibrate(PAIRS, embed)) == (
        "5 pairs, 3 with the same answer\n"
        "threshold  precision  recall   F0.5  hits  wrong\n"
        "   0.0000      1.000   0.000  0.000     0      0\n"
        "   0.1500      1.000   0.333  0.714     1      0\n"
        "   0.2500      1.000   0.667  0.909     2      0  <- recommended\n"
        "   0.3500      0.667   0.667  0.667     3      1\n"
        "   0.4500      0.750   1.000  0.789     4      1\n"
        "   0.5000      0.600   1.000  0.652     5      2"
    )
    many = [("0", f"{number / 500}", number < 77) for number in range(500)]
    lines = str(calibrate(many, embed)).splitlines()
    assert len(lines) <= 2 + 13
    assert sum("recommended" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([], "pairs are needed of both kinds"),
        ([("0", "0.1", True)], "pairs are needed of both kinds"),
        ([("0", "0.1", True), ("0", "0.1")], "pair 1 is a prompt, another prompt, and True or False"),
        ([("0", "0.1", 1)], "pair 0 is a prompt"),
        (["ab?"], "pair 0 is a prompt"),
        ([("", "0.1", True)], "a prompt is a non-empty text"),
    ],
)
def test_pairs_that_say_nothing_are_refused(pairs: Sequence[Any], says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        calibrate(pairs, embed)


@pytest.mark.parametrize("beta", [0, -1, math.inf, math.nan, "1", True])
def test_beta_is_a_positive_number(beta: Any) -> None:
    with pytest.raises(ArgumentError, match="beta is a positive number"):
        calibrate(PAIRS, embed, beta=beta)


@pytest.mark.parametrize("thresholds", [[], [3], [-0.1], ["0.1"]])
def test_thresholds_are_distances(thresholds: Any) -> None:
    with pytest.raises(ArgumentError, match="threshold"):
        calibrate(PAIRS, embed, thresholds=thresholds)


@pytest.mark.parametrize("vector", [[0.0, 0.0], [math.nan, 1.0], [1.0], [], [[1.0, 2.0]], None, "ab", ["a"]])
def test_a_vector_that_has_no_direction_is_refused(vector: Any) -> None:
    with pytest.raises(ArgumentError, match=r"the vector of '0\.5'"):
        calibrate(PAIRS, lambda text: vector if text == "0.5" else embed(text))


def test_a_plot_without_matplotlib_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="pip install matplotlib"):
        calibrate(PAIRS, embed).plot(tmp_path / "plot.png")


def test_a_plot_is_drawn_where_matplotlib_is_there(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found: Calibration = calibrate(PAIRS, embed)
    found.plot(tmp_path / "plot.svg")
    assert "recommended" in (tmp_path / "plot.svg").read_text() or (tmp_path / "plot.svg").stat().st_size > 1000
