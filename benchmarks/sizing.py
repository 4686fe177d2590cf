"""Memory: what a record takes, by dimension, dtype, algorithm and storage, in its key and in the parts of its index.

    python -m benchmarks.sizing                                    10,000 records each, some minutes
    python -m benchmarks.sizing --write docs/operating.md          into a page

Texts are docstrings of Python's standard library, cut to the same length; vectors are random, since what they are makes
no difference to their size; three metadata fields: a tag of some values, a tag of many, a number. What the records take
by themselves is what the server still uses when the index is dropped and they are kept; the index is the rest. It
always runs on a server of its own, since memory is measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from benchmarks.pages import write_part
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.langchain import RedisVectorStore
from stdlib_corpus import read_stdlib

DIMS = (384, 768, 1536)
DTYPES = {"float32": 4, "float16": 2}
"""The bytes of a number."""
ALGORITHMS = ("flat", "hnsw")
M = 16
"""The neighbours of a vector in a graph, by default."""
STORAGES = ("hash", "json")
TEXT = 500
"""Characters."""
BATCH = 1_000
STILL = 50_000
"""Bytes by which the memory of an idle server may change."""
MARK = "<!-- benchmarks/sizing.py -->"
SCHEMA = {"kind": "tag", "source": "tag", "page": "numeric"}


class Kind(NamedTuple):
    """What is measured: an index of this kind, of records like these."""

    dims: int = DIMS[0]
    dtype: str = "float32"
    algorithm: str = "flat"
    storage: str = "hash"
    text: int = TEXT
    fields: int = len(SCHEMA)
    m: int = M


class Size(NamedTuple):
    """Bytes a record: in its key, in the vectors of the index, in its words and tags, and in all."""

    record: float
    vectors: float
    inverted: float
    total: float


def main() -> None:
    """Print the tables, and write them if that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=10_000, help="how many records each index has")
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    passages = [passage.text for passage in read_stdlib()]
    with EmbeddedRedis() as server, redis.Redis.from_url(server.url, protocol=2) as client:
        sizes = {kind: _measure(server.url, client, kind, given.records, passages) for kind in _kinds()}
        versions = _versions(client)
    text = "\n".join([*_table(sizes), "", *_formula(sizes), ""])
    print(text)
    if given.write:
        command = f"python -m benchmarks.sizing --records {given.records} --write {given.write}"
        said = (
            f"Made by `{command}` on {versions}: bytes a record, of {given.records:,} with texts of {TEXT} characters"
        )
        write_part(given.write, MARK, f"{said} and three metadata fields (two tags and a number).\n\n{text}")


def _kinds() -> list[Kind]:
    grid = [Kind(*each) for each in product(DIMS, DTYPES, ALGORITHMS, STORAGES)]
    return [*grid, *(each for storage in STORAGES for each in (_longer(storage), _bare(storage), _wider(storage)))]


def _longer(storage: str) -> Kind:
    return Kind(storage=storage, text=3 * TEXT)


def _bare(storage: str) -> Kind:
    return Kind(storage=storage, fields=0)


def _wider(storage: str) -> Kind:
    return Kind(storage=storage, algorithm="hnsw", m=2 * M)


def _measure(url: str, client: Any, kind: Kind, records: int, passages: Sequence[str]) -> Size:
    """Fill an index, read what it takes, and drop it twice: without its records, and then with them."""
    schema = dict(islice(SCHEMA.items(), kind.fields))
    options: dict[str, Any] = {
        "storage": kind.storage,
        "dtype": kind.dtype,
        "algorithm": kind.algorithm,
        **({"m": kind.m} if kind.algorithm == "hnsw" else {}),
    }
    embedding = DeterministicFakeEmbedding(size=kind.dims)
    with RedisVectorStore(
        embedding, index_name="docs", redis_url=url, metadata_schema=schema, learn=False, **options
    ) as store:
        before = _used(client)
        store.create(kind.dims)
        began = time.monotonic()
        for batch in _batches(kind, records, passages):
            store.add_embeddings(*batch)
        print(f"{kind} written in {time.monotonic() - began:.0f} s", file=sys.stderr)
        total, parts = _used(client) - before, store.info().memory
        store.drop(keep_records=True)
        kept = _used(client) - before
        for key in client.scan_iter("docs:*", count=1000):
            client.unlink(key)
        _used(client)
    each = {name: size / records for name, size in parts.items()}
    return Size(kept / records, each["vectors"], each["inverted"], total / records)


def _batches(
    kind: Kind, records: int, passages: Sequence[str]
) -> Iterator[tuple[list[str], Any, list[Any], list[str]]]:
    """Yield texts, vectors, metadata and ids."""
    random = np.random.default_rng(0)
    texts = _texts(passages, kind.text)
    for start in range(0, records, BATCH):
        places = range(start, min(start + BATCH, records))
        metadatas: list[dict[str, Any]] = [
            {"kind": f"kind {place % 20}", "source": f"documents/{place // 10}.md", "page": place % 500}
            for place in places
        ]
        rows = random.normal(size=(len(places), kind.dims)).astype(np.float32)
        yield (
            list(islice(texts, len(places))),
            rows,
            [dict(islice(metadata.items(), kind.fields)) for metadata in metadatas],
            [str(place) for place in places],
        )


def _texts(passages: Sequence[str], length: int) -> Iterator[str]:
    """Yield texts of one length for ever, each from another place of the corpus."""
    corpus, start = " ".join(passages), 0
    while True:
        if start + length > len(corpus):
            start = start - len(corpus) + length // 2
            continue
        yield corpus[max(start, 0) : max(start, 0) + length]
        start += length


def _used(client: Any) -> int:
    """Return the bytes that the server uses, once it has freed in the background what was dropped before."""
    used: list[int] = []
    while len(used) < 3 or max(used[-3:]) - min(used[-3:]) > STILL:
        time.sleep(0.3)
        used.append(client.info("memory")["used_memory"])
    return used[-1]


def _versions(client: Any) -> str:
    modules = {module[b"name"]: module[b"ver"] for module in map(_pairs, client.execute_command("MODULE", "LIST"))}
    search = modules[b"search"]
    version = f"{search // 10000}.{search // 100 % 100}.{search % 100}"
    return f"Redis {client.info('server')['redis_version']} with search {version}, {os.cpu_count()} cores"


def _pairs(reply: Any) -> dict[bytes, Any]:
    parts = iter(reply)
    return reply if isinstance(reply, dict) else dict(zip(parts, parts, strict=True))


def _table(sizes: Mapping[Kind, Size]) -> list[str]:
    return [
        "| storage | dtype | dims | record | vectors, FLAT | inverted index | rest | in all | vectors, HNSW | in all |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_row(sizes, storage, dtype, dims) for storage, dtype, dims in product(STORAGES, DTYPES, DIMS)),
    ]


def _row(sizes: Mapping[Kind, Size], storage: str, dtype: str, dims: int) -> str:
    flat, hnsw = (sizes[Kind(dims, dtype, algorithm, storage)] for algorithm in ALGORITHMS)
    rest = flat.total - flat.record - flat.vectors - flat.inverted
    numbers = (flat.record, flat.vectors, flat.inverted, rest, flat.total, hnsw.vectors, hnsw.total)
    return f"| {storage} | {dtype} | {dims} | " + " | ".join(f"{number:,.0f}" for number in numbers) + " |"


class Formula(NamedTuple):
    """Bytes in all that a record of one storage takes: what there is of each, times these, and added up."""

    numbers: Mapping[str, float]
    characters: float
    fields: float
    graph: float
    neighbours: float
    rest: float

    def size(self, kind: Kind) -> float:
        """Return the bytes that a record takes."""
        graph = self.graph + self.neighbours * (kind.m - M) if kind.algorithm == "hnsw" else 0
        parts = (self.numbers[kind.dtype] * kind.dims, self.characters * kind.text, self.fields * kind.fields)
        return sum(parts) + graph + self.rest


def _formula(sizes: Mapping[Kind, Size]) -> list[str]:
    """Return what a record takes in all by what it has, and how far that is from what was measured."""
    made = [_fitted(sizes, storage) for storage in STORAGES]
    formulas = dict(zip(STORAGES, made, strict=True))
    off = max(abs(formulas[kind.storage].size(kind) / size.total - 1) for kind, size in sizes.items())
    return [
        "| bytes in all for each | hash | JSON |",
        "|---|--:|--:|",
        *(f"| number of a vector, {dtype} | {_cells([each.numbers[dtype] for each in made])} |" for dtype in DTYPES),
        f"| character of the text | {_cells([each.characters for each in made])} |",
        f"| metadata field | {_cells([each.fields for each in made], 0)} |",
        f"| record in a graph of HNSW with m = {M} | {_cells([each.graph for each in made], 0)} |",
        f"| … and for each neighbour in m above that | {_cells([each.neighbours for each in made])} |",
        f"| record, beside all of these | {_cells([each.rest for each in made], 0)} |",
        "",
        f"Added up, this is within {off:.0%} of each size that was measured.",
    ]


def _fitted(sizes: Mapping[Kind, Size], storage: str) -> Formula:
    plain = Kind(storage=storage)
    numbers = {dtype: _slope(sizes, dtype, storage) for dtype in DTYPES}
    characters = (sizes[_longer(storage)].total - sizes[plain].total) / (_longer(storage).text - plain.text)
    fields = (sizes[plain].total - sizes[_bare(storage)].total) / plain.fields
    graphs = [each for each in sizes if each == Kind(each.dims, each.dtype, "hnsw", storage)]
    graph = sum(sizes[each].total - sizes[each._replace(algorithm="flat")].total for each in graphs) / len(graphs)
    neighbours = (sizes[_wider(storage)].total - sizes[plain._replace(algorithm="hnsw")].total) / M
    without_rest = Formula(numbers, characters, fields, graph, neighbours, 0)
    return without_rest._replace(rest=sizes[plain].total - without_rest.size(plain))


def _slope(sizes: Mapping[Kind, Size], dtype: str, storage: str) -> float:
    least, most = (sizes[Kind(dims, dtype, "flat", storage)].total for dims in (DIMS[0], DIMS[-1]))
    return (most - least) / (DIMS[-1] - DIMS[0])


def _cells(numbers: Sequence[float], digits: int = 1) -> str:
    return " | ".join(f"{number:,.{digits}f}" for number in numbers)


if __name__ == "__main__":
    main()
