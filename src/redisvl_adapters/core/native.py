"""Hybrid search by the server's own command, FT.HYBRID, which Redis has from 8.4 on.

The command brings the candidates and the scores of both sides; they are fused here, as after two searches, so that a
ranking does not depend on the server.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from redis.exceptions import ResponseError

from redisvl_adapters.core.commands import Argument, Command, Reply, as_mapping, ok
from redisvl_adapters.core.encoding import escape_name
from redisvl_adapters.core.query import Hit, Matching, Near, Wanted, prefilter
from redisvl_adapters.core.record import Layout
from redisvl_adapters.core.schema import Schema
from redisvl_adapters.errors import ServerError

PROBE = Command(("COMMAND", "INFO", "FT.HYBRID"))
"""Asks whether the server has the command: its version does not tell, the search module does."""

_NEAR, _MATCHING = "vector_score", "text_score"


@dataclass(frozen=True, slots=True)
class Sides:
    """What both sides of a hybrid search found.

    Attributes:
        hits: The records by id.
        near: The similarities of the vector side by id, best first.
        matching: The scores of the text side by id, best first.
    """

    hits: dict[str, Hit]
    near: dict[str, float]
    matching: dict[str, float]


def has_command(reply: Reply) -> bool:
    """Tell from the reply to ``PROBE`` whether the server has FT.HYBRID."""
    if isinstance(reply, ResponseError) or not reply:
        return False
    return any(reply.values()) if isinstance(reply, dict) else bool(reply[0])


def can_serve(near: Near) -> bool:
    """Tell whether FT.HYBRID can do what was asked of the vector side."""
    tuning = near.tuning
    asked = (tuning.hybrid_policy, tuning.batch_size, tuning.search_window_size, tuning.distance_threshold)
    return near.ids is None and all(value is None for value in asked)


def hybrid_command(
    near: Near, near_k: int, matching: Matching, wanted: Wanted, schema: Schema, layout: Layout
) -> Command:
    """Return the command.

    Args:
        near: The vector side.
        near_k: How many candidates the vector side gives.
        matching: The text side.
        wanted: What is returned, and how many candidates the text side gives.
        schema: The index.
        layout: How its records lie.
    """
    knn: list[Argument] = ["K", near_k]
    if near.tuning.ef_runtime is not None:
        knn += "EF_RUNTIME", near.tuning.ef_runtime
    vector: list[Argument] = ["VSIM", f"@{escape_name(schema.vector.name)}", "$vector", "KNN", len(knn), *knn]
    if near.where != "*":
        vector += "FILTER", prefilter(near.where)
    load = ["@__key", *(_loaded(path) for path, _ in layout.return_fields(frame=wanted.frame, vector=False))]
    args: list[Argument] = ["FT.HYBRID", schema.name, "SEARCH", matching.unspelled or matching.text]
    args += "SCORER", matching.scorer, "YIELD_SCORE_AS", _MATCHING, *vector, "YIELD_SCORE_AS", _NEAR
    args += "COMBINE", "RRF", 4, "CONSTANT", 60, "WINDOW", max(near_k, wanted.k), "LOAD", len(load), *load
    args += "LIMIT", 0, near_k + wanted.k, "PARAMS", 2, "vector", near.vector
    return Command(tuple(args))


def read_hybrid(reply: Reply, near_k: int, wanted: Wanted, schema: Schema, layout: Layout) -> Sides:
    """Return what both sides found.

    Raises:
        ServerError: If the server did not get to the end of it.
    """
    answer = as_mapping(ok(reply))
    if warnings := answer.get(b"warnings") or answer.get(b"warning"):
        raise ServerError(f"the server answered a hybrid search in part: {warnings!r:.200}")
    names = {
        _loaded(path).removeprefix("@").encode(): name.encode()
        for path, name in layout.return_fields(frame=wanted.frame, vector=False)
    }
    hits: dict[str, Hit] = {}
    sides: dict[str, dict[str, float]] = {_NEAR: {}, _MATCHING: {}}
    for row in map(as_mapping, answer[b"results"]):
        key = row.get(b"__key")
        fields = {names[name]: value for name, value in row.items() if name in names}
        if key is None or not fields:
            # It expired meanwhile.
            continue
        record_id = schema.id_of(key)
        hits[record_id] = Hit(layout.reader(list(fields))(record_id, list(fields.values())), math.nan)
        for name, side in sides.items():
            if (score := row.get(name.encode())) is not None:
                side[record_id] = float(score)
    return Sides(hits, _best(sides[_NEAR], near_k), _best(sides[_MATCHING], wanted.k))


def _loaded(path: str) -> str:
    return path if path.startswith("$") else f"@{path}"


def _best(scores: dict[str, float], k: int) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:k])
