"""What smaller numbers cost: how many of the true neighbours are found among vectors that were rounded.

    python -m benchmarks.quantisation                              in Markdown
    python -m benchmarks.quantisation --write docs/performance.md  into a page

The vectors are those of the docstrings of Python's standard library, embedded by WordLlama (256 dimensions); the
queries are questions about it. Both are stored as the library stores them, and compared by NumPy as the server compares
them, by brute force: so what is missed is missed for the rounding alone, and no server is needed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from benchmarks.pages import write_part
from benchmarks.questions import QUESTIONS
from redisvl_adapters.core.records.vectors import check_matrix
from redisvl_adapters.core.schema.fields import VectorField
from stdlib_corpus import read_stdlib
from wordllama_model import embed

KS = (1, 10, 50)
MARK = "<!-- benchmarks/quantisation.py -->"

Matrix = NDArray[np.float64]


def main() -> None:
    """Print the table, and write it if that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    rows = _unit(embed([passage.text for passage in read_stdlib()]))
    queries = _unit(embed([question for question, _ in QUESTIONS]))
    largest = float(np.abs(rows).max())
    kinds = [
        VectorField("v", rows.shape[1], dtype, "cosine", "flat")
        for dtype in ("float64", "float32", "float16", "bfloat16", "int8")
    ]
    kinds += [
        VectorField("v", rows.shape[1], "int8", "cosine", "flat", scale=scale) for scale in (127.0, 127 / largest)
    ]
    true = _nearest(rows, queries)
    lines = [
        f"| stored as | bytes a vector | {' | '.join(f'recall@{k}' for k in KS)} |",
        f"|---|--:|{'--:|' * len(KS)}",
    ]
    for kind in kinds:
        stored = check_matrix(rows, [""] * len(rows), kind)
        asked = check_matrix(queries, [""] * len(queries), kind).astype(np.float64)
        found = _nearest(stored.astype(np.float64), asked)
        recalls = (np.mean([np.isin(f[:k], t[:k]).mean() for f, t in zip(found, true, strict=True)]) for k in KS)
        size = stored.itemsize * rows.shape[1]
        lines.append(f"| {_name(kind)} | {size:,} | {' | '.join(f'{recall:.3f}' for recall in recalls)} |")
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_part(
            given.write,
            MARK,
            f"## With smaller numbers\n\nMade by `python -m benchmarks.quantisation --write {given.write}`: "
            f"{len(rows):,} docstrings of Python's standard library and {len(queries)} questions, {rows.shape[1]} "
            "dimensions (WordLlama), cosine, compared by brute force, so that what is missing is missing for the "
            f"rounding alone. Bytes are those of the numbers; a hash holds them, and the index once more.\n\n{text}\n",
        )


def _name(kind: VectorField) -> str:
    if kind.dtype != "int8":
        return kind.dtype
    return "int8, each vector scaled by itself" if kind.scale is None else f"int8, scale={kind.scale:.0f}"


def _unit(vectors: object) -> Matrix:
    rows: Matrix = np.asarray(vectors, dtype=np.float64)
    unit: Matrix = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _nearest(rows: Matrix, queries: Matrix) -> list[NDArray[np.intp]]:
    """Return the places of the nearest rows of each query, nearest first."""
    similar = _unit(queries) @ _unit(rows).T
    return [np.argsort(-row, kind="stable")[: max(KS)] for row in similar]


if __name__ == "__main__":
    main()
