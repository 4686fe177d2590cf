"""The example of the semantic cache, run as a user runs it, and the pairs that it measures with."""

from __future__ import annotations

from pathlib import Path

from cache_pairs import DIFFERENT, PAIRS, SAME
from integration_tests.examples.test_examples import ROOT, run


def test_the_example_prints_its_table_and_answers_from_the_cache(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/semantic_cache.py", folder=tmp_path).splitlines()
    assert printed[0] == "96 pairs, 48 with the same answer"
    assert sum("<- recommended" in line for line in printed) == 1
    assert [line.split(":")[0] for line in printed[-4:]] == ["model", "cache", "cache", "model"]


def test_there_are_enough_pairs_and_each_is_there_once() -> None:
    assert len(PAIRS) >= 80
    assert len({frozenset(pair) for pair in [*SAME, *DIFFERENT]}) == len(PAIRS)
    assert all(one != other for one, other, _ in PAIRS)
