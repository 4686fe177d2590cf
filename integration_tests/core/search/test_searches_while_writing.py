"""Readers beside a writer: what is there all the time is found each time, and is never a mixture of two versions."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from integration_tests.conftest import Call
from integration_tests.core.core_support import Indexes, opened_indexes, where
from redisvl_adapters.core import Record, RedisIndex, operations

ROUNDS = int(os.environ.get("SOAK", "3000")) // 50
QUERY = [1.0, 0.0, 0.0, 0.0]
REPLACED = [f"replaced-{number}" for number in range(20)]
UNTOUCHED = [f"untouched-{number}" for number in range(20)]
KEPT = {*REPLACED, *UNTOUCHED}


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage, of which each thread has one."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


def write(index: RedisIndex, ids: Sequence[str], version: int, kind: str, far: float = 0.1) -> None:
    """Write records that have their version in their text, their metadata and an indexed list."""
    made = [
        Record(each, f"fox version{version}", {"kind": kind, "version": version, "marks": [f"m{version}", "all"]})
        for each in ids
    ]
    vectors = [[1.0, far + place / 1000, 0.0, 0.0] for place in range(len(ids))]
    index.run(operations.upsert(index.state, made, vectors))


@contextmanager
def writer(index: RedisIndex) -> Iterator[None]:
    """Replace some records, and write and delete others, as fast as it goes, as long as the block runs."""
    stop, failures = threading.Event(), list[BaseException]()

    def work() -> None:
        version = 1
        passing = [f"passing-{number}" for number in range(10)]
        try:
            while not stop.is_set():
                write(index, REPLACED, version, "kept")
                write(index, passing, version, "passing", far=5.0)
                index.run(operations.delete(index.state, passing))
                version += 1
        except BaseException as error:  # noqa: BLE001  # the test raises it
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
    assert not failures, failures


def check(records: Sequence[Record], least: set[str]) -> None:
    """See to it that the records are there, and that each is of one version."""
    assert least <= {record.id for record in records}
    for record in records:
        version = record.metadata["version"]
        assert (record.text, record.metadata["marks"]) == (f"fox version{version}", [f"m{version}", "all"])


@pytest.mark.parametrize("algorithm", ["flat", "hnsw"])
async def test_no_record_is_missed_beside_a_writer(
    make: Indexes, call: Call, algorithm: Any, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    index = make(algorithm=algorithm)
    # Near to what is replaced, a graph may be searched in part while the server mends it in the background.
    near = KEPT if algorithm == "flat" else set(UNTOUCHED)
    write(index, [*REPLACED, *UNTOUCHED], 0, "kept")
    writing = make(algorithm=algorithm)
    write(writing, ["passing"], 0, "passing", far=5.0)
    caplog.set_level(logging.INFO)
    state, kept = index.state, where("kind", "eq", "kept")
    with writer(writing):
        for _ in range(ROUNDS):
            for hits in (
                await call(index, "run", operations.search_by_vector(state, QUERY, len(KEPT))),
                *(await call(index, "run", operations.search_batch(state, [QUERY, QUERY], len(KEPT)))),
            ):
                check([hit.record for hit in hits], near)
            if algorithm == "flat":
                hits = await call(index, "run", operations.search_by_vector(state, QUERY, 100, distance_threshold=0.5))
                check([hit.record for hit in hits], KEPT)
            for hits in (
                await call(index, "run", operations.search_by_vector(state, QUERY, len(KEPT), kept)),
                await call(index, "run", operations.search_text(state, "fox", 100)),
                await call(index, "run", operations.search_text(state, "fox", 100, kept)),
                await call(index, "run", operations.search_hybrid(state, QUERY, "fox", 60, kept)),
            ):
                check([hit.record for hit in hits], KEPT)
            found = await call(index, "run", operations.fetch(state, sorted(KEPT)))
            assert None not in found
            check(found, KEPT)
            check(await call(index, "run", operations.fetch_matching(state, kept)), KEPT)
            check(await call(index, "run", operations.fetch_matching(state, where("marks", "any", ["all"]))), KEPT)
            assert await call(index, "run", operations.count(state, kept)) == len(KEPT)
            page = await call(index, "run", operations.first_page(state, kept, 15))
            walked = list(page.records)
            while not page.is_last:
                page = await call(index, "run", operations.next_page(state, page, 15))
                walked += page.records
            check(walked, KEPT)
    assert [each.getMessage() for each in caplog.records] == []
    assert [str(each.message) for each in recwarn.list] == []
