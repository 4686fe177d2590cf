"""Vectors as int8 and uint8, on servers that have them; others refuse, and say what they lack."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.search.search_support import QUERY, Shelf, distances_of, items, shelf
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, ids_of
from redisvl_adapters import MissingModuleError
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.search.scores import relevance

clients = langchain_support.clients  # a fixture

ROUNDING = 0.05


async def quantised(call: Call, clients: Clients, index_name: str, **options: Any) -> Shelf:
    """Return a shelf with a scale of 25, if the server has int8; its numbers are within -5 and 5."""
    content = items()
    if options["dtype"] == "uint8":
        content = [replace(item, vector=np.abs(item.vector)) for item in content]
    if options["distance_metric"] != "cosine":
        options["scale"] = 25
    if not has_int8(clients["client"], index_name):
        with pytest.raises(MissingModuleError, match=r"int8 and uint8 need Redis 8\.0 or newer"):
            await shelf(call, clients, index_name, content, **options)
        assert not clients["client"].keys(f"*{index_name}*"), "something is left behind"
        pytest.skip("the server has no int8")
    return await shelf(call, clients, index_name, content, **options)


def has_int8(client: redis.Redis, index_name: str) -> bool:
    """Tell whether the server makes an index of int8 vectors."""
    field = ("v", "VECTOR", "FLAT", 6, "TYPE", "INT8", "DIM", 2, "DISTANCE_METRIC", "L2")
    try:
        client.execute_command(
            "FT.CREATE", f"{index_name}-probe", "PREFIX", 1, f"{index_name}-probe:", "SCHEMA", *field
        )
    except redis.ResponseError:
        return False
    client.execute_command("FT.DROPINDEX", f"{index_name}-probe")
    return True


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("metric", ["cosine", "l2", "ip"])
async def test_quantised_vectors_are_found_at_nearly_their_distances(
    clients: Clients, index_name: str, storage: str, call: Call, dtype: str, metric: str
) -> None:
    there = await quantised(call, clients, index_name, storage=storage, dtype=dtype, distance_metric=metric)
    there.model.told[QUERY] = np.abs(there.model.vector(QUERY)).tolist()
    true = there.distances(metric)
    spread = max(true.values()) - min(true.values())
    found = distances_of(await there.lc("similarity_search_with_score", QUERY, 100))
    assert found == pytest.approx(true, abs=ROUNDING * spread)
    nearest = next(iter(found))
    relevant = dict(distances_of(await there.lc("similarity_search_with_relevance_scores", QUERY, 1)))
    assert relevant == pytest.approx({nearest: relevance(found[nearest], metric)})
    assert [*await there.li(query_embedding=there.model.vector(QUERY))] == [*found]
    bound = sorted(found.values())[10]
    within = await there.lc("similarity_search", QUERY, 100, distance_threshold=bound)
    assert ids_of(within) == [*found][:11]
    diverse = await there.lc("max_marginal_relevance_search", QUERY, 5, 20)
    assert len(diverse) == 5


async def test_another_process_reads_the_scale_from_the_index(clients: Clients, index_name: str, call: Call) -> None:
    there = await quantised(call, clients, index_name, dtype="int8", distance_metric="l2", storage="hash")
    other = RedisIndex(index_name=index_name, **clients)
    assert await call(other, "run", operations.count(other.state)) == len(there.items)
    assert other.state.schema is not None
    assert other.state.schema.vector.scale == 25
