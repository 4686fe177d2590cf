"""Where our time goes: what a search and an ingest do beside waiting for the server, step by step.

    python -m benchmarks.breakdown                              in Markdown
    python -m benchmarks.breakdown --write docs/performance.md  into a page

The workload is that of benchmarks/compare.py. A step is timed by itself, over and over, with replies that were
recorded before; the fastest of several rounds counts, which is the one that nobody disturbed. The server is that of
REDIS_URL, or a fresh one.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
import timeit
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from redis.connection import Connection

from benchmarks.comparing.contestants import Ours, Raw
from benchmarks.incumbents.workload import Workload
from benchmarks.pages import write_part
from benchmarks.servers import server
from redisvl_adapters.core import operations
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.ingest.write_batches import PER_SCRIPT
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.records.projection import presence_tags, project
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.replace_script import replace_commands
from redisvl_adapters.core.records.vectors import as_matrix, as_query, check_matrix
from redisvl_adapters.core.search.results import read_vector_hits
from redisvl_adapters.core.server import retrying_drivers
from redisvl_adapters.core.server.slots import script_chunks
from redisvl_adapters.core.text.analysis import analyser
from redisvl_adapters.langchain.documents import to_document
from redisvl_adapters.langchain.filters import read_filter

MARK = "<!-- benchmarks/breakdown.py -->"
ROUNDS, TIMES = 7, 300

Steps = list[tuple[str, float]]


def main() -> None:
    """Print the tables, and write them if that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    with server() as url:
        workload = Workload(url, "hash", "flat", 1000, 384)
        ours = Ours(workload)
        ours.reset()
        ours.ingest()
        searching = _search(ours, Raw(ours))
        writing = _ingest(ours)
        ours.drop()
    text = "\n".join([*_table("of a search", searching), "", *_table("of each record written, in hashes", writing)])
    print(text)
    if given.write:
        command = f"python -m benchmarks.breakdown --write {given.write}"
        write_part(given.write, MARK, f"## Where our time goes\n\nMade by `{command}`, in microseconds.\n\n{text}\n")


def _search(ours: Ours, raw: Raw) -> Steps:
    state = ours.store.index.state
    assert state.schema is not None
    schema, layout, field = state.schema, layout_of(state.schema), state.schema.vector
    commands = next(operations.search_by_vector(state, ours.workload.query_vectors[0], 10, ours.filter))
    (reply,) = retrying_drivers._send(ours.store.index.connection.sync_client(), commands)  # noqa: SLF001  # what is timed
    hits = read_vector_hits(reply, schema, layout)
    steps = [
        ("the same command through redis-py, on end", _loop(raw.search)),
        ("our search through the core, on end", _loop(ours.core_search)),
        ("our search through LangChain, on end", _loop(ours.search)),
    ]

    def recorded(*_: object) -> list[Any]:
        return [reply]

    # What is known of the index does not get old while no server is asked.
    with mock.patch.object(retrying_drivers, "_send", recorded), mock.patch.object(snapshot, "MAX_AGE", math.inf):
        steps += [
            ("… of which beside redis-py and the server, through the core", _fastest(ours.core_search)),
            ("… of which beside redis-py and the server, through LangChain", _fastest(ours.search)),
        ]
    return [
        *steps,
        ("… to pack and check the vector", _fastest(lambda: as_query(next(ours.vectors), field))),
        ("… to make the command, the vector included", _fastest(lambda: next(_started(ours)))),
        ("… to make ten records of the reply", _fastest(lambda: read_vector_hits(reply, schema, layout))),
        ("… to read a LangChain filter", _fastest(lambda: read_filter(ours.mongo))),
        ("… to make ten LangChain documents", _fastest(lambda: [to_document(hit.record) for hit in hits])),
    ]


def _started(ours: Ours) -> Any:
    return operations.search_by_vector(ours.store.index.state, next(ours.vectors), 10, ours.filter)


def _ingest(ours: Ours) -> Steps:
    schema = ours.store.index.state.schema
    assert schema is not None
    workload, layout = ours.workload, layout_of(schema)
    count = workload.records
    records = [
        Record(record_id, text, metadata)
        for record_id, text, metadata in zip(workload.ids, workload.texts, workload.metadatas, strict=True)
    ]
    matrix = as_matrix(workload.vectors, workload.ids)
    rows = check_matrix(matrix, workload.ids, schema.vector)
    found = [check_metadata(record.metadata, record.id) for record in records]
    pairs = list(zip(records, found, rows, strict=True))
    writes = [layout.write(record, each, row, None, record.id) for record, each, row in pairs]
    keys = [write.key for write in writes]
    commands = replace_commands(layout.script, writes, script_chunks(keys, PER_SCRIPT, spans_slots=True))
    packer, english = Connection(), analyser(schema.language)
    timed: dict[str, Callable[[], object]] = {
        "survey of the metadata": lambda: [check_metadata(record.metadata, record.id) for record in records],
        "vectors checked and converted": lambda: check_matrix(
            as_matrix(workload.vectors, workload.ids), workload.ids, schema.vector
        ),
        "indexed values": lambda: [project(schema, each.values, "") for each in found],
        "which keys there are": lambda: [presence_tags(schema, each.values, schema.language) for each in found],
        "terms of the text": lambda: [english.stored_text(record.text) for record in records],
        "the fields, these three included": lambda: [
            layout.write(record, each, row, None, "") for record, each, row in pairs
        ],
        "scripts of ten": lambda: replace_commands(
            layout.script, writes, script_chunks(keys, PER_SCRIPT, spans_slots=True)
        ),
        "bytes of the commands, by redis-py": lambda: packer.pack_commands([command.args for command in commands]),
    }
    return [(name, _fastest(run, 5) / count) for name, run in timed.items()]


def _loop(run: Callable[[], object]) -> float:
    """Return the median of microseconds."""
    times: list[float] = []
    for _ in range(TIMES * 3):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e6


def _fastest(run: Callable[[], object], times: int = TIMES) -> float:
    """Return the microseconds of the fastest round."""
    return min(timeit.repeat(run, number=times, repeat=ROUNDS)) / times * 1e6


def _table(title: str, steps: Sequence[tuple[str, float]]) -> list[str]:
    return [f"| {title} | µs |", "|---|--:|", *(f"| {name} | {microseconds:.1f} |" for name, microseconds in steps)]


if __name__ == "__main__":
    main()
