"""FT.HYBRID: hybrid search by the server's own command, which Redis has from 8.4 on.

The command brings the candidates and the scores of both sides; they are fused here, as after two searches, so that a
ranking does not depend on the server.
"""

from __future__ import annotations

import math

from redis.exceptions import ResponseError

from redisvl_adapters.core.records.layouts import Layout
from redisvl_adapters.core.schema.field_names import escape_field_name
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.fusion import Sides
from redisvl_adapters.core.search.results import Hit, ReturnFields
from redisvl_adapters.core.search.text_query import TextRequest
from redisvl_adapters.core.search.vector_query import VectorRequest, prefilter
from redisvl_adapters.core.server.commands import Argument, Command, Reply
from redisvl_adapters.core.server.replies import as_mapping, ok
from redisvl_adapters.errors import ServerError

PROBE = Command(("COMMAND", "INFO", "FT.HYBRID"))
"""Asks whether the server has the command: its version does not tell, the search module does."""

_NEAR, _MATCHING = "vector_score", "text_score"


def has_command(reply: Reply) -> bool:
    """Tell from the reply to ``PROBE`` whether the server has FT.HYBRID."""
    if isinstance(reply, ResponseError) or not reply:
        return False
    return any(reply.values()) if isinstance(reply, dict) else bool(reply[0])


def can_serve(vector_side: VectorRequest) -> bool:
    """Tell whether FT.HYBRID can do what was asked of the vector side."""
    tuning = vector_side.tuning
    asked = (tuning.hybrid_policy, tuning.batch_size, tuning.search_window_size, tuning.distance_threshold)
    return vector_side.ids is None and all(value is None for value in asked)


def hybrid_command(
    vector_side: VectorRequest,
    vector_k: int,
    text_side: TextRequest,
    returns: ReturnFields,
    schema: Schema,
    layout: Layout,
) -> Command:
    """Return the command.

    Args:
        vector_side: The vector side.
        vector_k: How many candidates the vector side gives.
        text_side: The text side.
        returns: What is returned, and how many candidates the text side gives.
        schema: The index.
        layout: How its records lie.
    """
    knn: list[Argument] = ["K", vector_k]
    if vector_side.tuning.ef_runtime is not None:
        knn += "EF_RUNTIME", vector_side.tuning.ef_runtime
    vector: list[Argument] = ["VSIM", f"@{escape_field_name(schema.vector.name)}", "$vector", "KNN", len(knn), *knn]
    if vector_side.where != "*":
        vector += "FILTER", prefilter(vector_side.where)
    load = ["@__key", *(_loaded(path) for path, _ in layout.return_fields(frame=returns.frame, vector=False))]
    args: list[Argument] = ["FT.HYBRID", schema.search_name, "SEARCH", text_side.unspelled or text_side.text]
    args += "SCORER", text_side.scorer, "YIELD_SCORE_AS", _MATCHING, *vector, "YIELD_SCORE_AS", _NEAR
    args += "COMBINE", "RRF", 4, "CONSTANT", 60, "WINDOW", max(vector_k, returns.k), "LOAD", len(load), *load
    args += "LIMIT", 0, vector_k + returns.k, "PARAMS", 2, "vector", vector_side.vector
    return Command(tuple(args))


def read_hybrid(reply: Reply, vector_k: int, returns: ReturnFields, schema: Schema, layout: Layout) -> Sides:
    """Return what both sides found.

    Raises:
        ServerError: If the server did not get to the end of it.
    """
    answer = as_mapping(ok(reply))
    if warnings := answer.get(b"warnings") or answer.get(b"warning"):
        raise ServerError(f"the server answered a hybrid search in part: {warnings!r:.200}")
    names = {
        _loaded(path).removeprefix("@").encode(): name.encode()
        for path, name in layout.return_fields(frame=returns.frame, vector=False)
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
    return Sides(hits, _best(sides[_NEAR], vector_k), _best(sides[_MATCHING], returns.k))


def _loaded(path: str) -> str:
    return path if path.startswith("$") else f"@{path}"


def _best(scores: dict[str, float], k: int) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1])[:k])
