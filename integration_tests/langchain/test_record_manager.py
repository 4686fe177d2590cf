"""The record manager: what it lists, by the clock of the server, against LangChain's own in memory."""

from __future__ import annotations

import random
from typing import Any

import pytest
import redis
from langchain_core.indexing import InMemoryRecordManager

from integration_tests.conftest import Call
from integration_tests.core.sessions import session_support
from integration_tests.core.sessions.session_support import HOSTILE
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain import RedisRecordManager

pytestmark = pytest.mark.sharded

clients = langchain_support.clients  # a fixture
repeating = session_support.repeating  # a fixture


@pytest.fixture
def manager(clients: Clients, index_name: str) -> RedisRecordManager:
    return RedisRecordManager("n", prefix=index_name, **clients)


async def test_the_time_is_that_of_the_server_and_only_grows(
    call: Call, manager: RedisRecordManager, server: redis.Redis
) -> None:
    await call(manager, "create_schema")
    times = [await call(manager, "get_time") for _ in range(50)]
    assert times == sorted(times)
    seconds, microseconds = server.time()
    assert abs(seconds + microseconds / 1e6 - times[-1]) < 10


async def test_random_calls_give_what_they_give_in_memory(
    call: Call, manager: RedisRecordManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(5)
    memory = InMemoryRecordManager("n")
    keys, groups = [*HOSTILE, ""], [*HOSTILE[:8], "", "a\0", "g", "t"]
    times: list[tuple[float, float]] = []
    for _ in range(80):
        some = rng.sample(keys, rng.randint(1, 5))
        match rng.randint(0, 3):
            case 0:
                memory.delete_keys(some)
                await call(manager, "delete_keys", some)
            case _:
                group_ids = [rng.choice([*groups, None]) for _ in some]
                memory.update(some, group_ids=group_ids)
                await call(manager, "update", some, group_ids=group_ids)
        times.append((memory.get_time(), await call(manager, "get_time")))
        assert await call(manager, "exists", keys) == memory.exists(keys)
        before, after = rng.choice([*times, (None, None)]), rng.choice([*times, (None, None)])
        asked = rng.choice([None, rng.sample(groups, 3)])
        expected = memory.list_keys(before=before[0], after=after[0], group_ids=asked)
        given = await call(manager, "list_keys", before=before[1], after=after[1], group_ids=asked)
        assert sorted(given) == sorted(expected)
        assert await call(manager, "list_keys", before=before[1], after=after[1], group_ids=asked, limit=3) == given[:3]


async def test_keys_are_listed_oldest_first(call: Call, manager: RedisRecordManager) -> None:
    await call(manager, "update", ["b", "c"])
    await call(manager, "update", ["a"])
    await call(manager, "update", ["b"])
    assert await call(manager, "list_keys") == ["c", "a", "b"]
    assert await call(manager, "list_keys", limit=2) == ["c", "a"]


async def test_more_keys_than_fit_a_batch_or_a_page_are_listed_once_each(
    call: Call, manager: RedisRecordManager
) -> None:
    keys = [f"key-{number}" for number in range(5_321)]
    await call(manager, "update", keys, group_ids=["even" if number % 2 else None for number in range(len(keys))])
    assert sorted(await call(manager, "list_keys")) == sorted(keys)
    assert sorted(await call(manager, "list_keys", group_ids=["even"])) == sorted(keys[1::2])
    assert len(await call(manager, "list_keys", limit=2_500)) == 2_500
    assert await call(manager, "exists", [*keys, "other"]) == [True] * len(keys) + [False]
    await call(manager, "delete_keys", keys[1:])
    assert await call(manager, "list_keys") == keys[:1]


async def test_a_key_without_a_new_group_stays_in_its_group(call: Call, manager: RedisRecordManager) -> None:
    await call(manager, "update", ["a", "b"], group_ids=["g", "g"])
    await call(manager, "update", ["a"])
    assert await call(manager, "list_keys", group_ids=["g"]) == ["b", "a"]
    await call(manager, "update", ["a"], group_ids=["h"])
    await call(manager, "update", ["b"], group_ids=[None])
    assert await call(manager, "list_keys", group_ids=["g"]) == []
    assert await call(manager, "list_keys", group_ids=["g", "h"]) == ["a"]


async def test_no_groups_are_no_keys(call: Call, manager: RedisRecordManager) -> None:
    await call(manager, "update", ["a", "b"], group_ids=["g", None])
    assert await call(manager, "list_keys", group_ids=[]) == []
    assert await call(manager, "list_keys", limit=0) == []


async def test_a_time_that_the_server_has_not_reached_is_refused_and_nothing_is_written(
    call: Call, manager: RedisRecordManager
) -> None:
    now = await call(manager, "get_time")
    await call(manager, "update", ["a"], time_at_least=now)
    with pytest.raises(ValueError, match="the clock of the server is only at"):
        await call(manager, "update", ["b"], time_at_least=now + 1000)
    assert await call(manager, "list_keys") == ["a"]


async def test_namespaces_never_meet(call: Call, clients: Clients, index_name: str, server: redis.Redis) -> None:
    managers = {name: RedisRecordManager(name, prefix=index_name, **clients) for name in HOSTILE}
    for name, manager in managers.items():
        await call(manager, "update", [name, "same"], group_ids=[name, name])
    for name, manager in managers.items():
        assert sorted(await call(manager, "list_keys", group_ids=HOSTILE)) == sorted([name, "same"])
        await call(manager, "delete_keys", [name, "same"])
        assert await call(manager, "list_keys") == []
    assert server.keys(f"{index_name}*") == []


async def test_updates_that_are_sent_twice_change_nothing_but_the_time(
    call: Call, repeating: Any, index_name: str
) -> None:
    manager = RedisRecordManager("n", prefix=index_name, **repeating)
    await call(manager, "update", ["a", "b", "a"], group_ids=["g", "h", "g"])
    await call(manager, "delete_keys", ["b"])
    assert await call(manager, "list_keys") == ["a"]
    assert await call(manager, "list_keys", group_ids=["g", "h"]) == ["a"]


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("update", {"keys": "a"}, "keys is a list"),
        ("update", {"keys": ["a", 3]}, r"keys\[1\] is a string"),
        ("update", {"keys": ["\ud800"]}, r"keys\[0\] is a string"),
        ("update", {"keys": ["a"], "group_ids": []}, "1 keys came with group_ids"),
        ("update", {"keys": ["a"], "group_ids": "g"}, "1 keys came with group_ids"),
        ("update", {"keys": ["a"], "group_ids": [3]}, "a group id is a string"),
        ("update", {"keys": ["a"], "time_at_least": "now"}, "time_at_least is a time"),
        ("list_keys", {"before": float("nan")}, "before is a time"),
        ("list_keys", {"after": True}, "after is a time"),
        ("list_keys", {"limit": -1}, "limit is an integer"),
        ("list_keys", {"group_ids": "g"}, r"write \['g'\]"),
        ("list_keys", {"group_ids": [None]}, "None in it"),
        ("delete_keys", {"keys": "a"}, "keys is a list"),
        ("exists", {"keys": None}, "keys is a list"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(
    call: Call, manager: RedisRecordManager, name: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(ArgumentError, match=said):
        await call(manager, name, **given)
    assert await call(manager, "list_keys") == []


def test_many_keys_are_read_page_by_page_and_written_step_by_step(
    manager: RedisRecordManager, server: redis.Redis
) -> None:
    def calls() -> dict[str, int]:
        stats: Any = server.info("commandstats")
        kinds = {"scripts": ("eval", "evalsha"), "ranges": ("zrangebylex",)}
        return {
            kind: sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in names)
            for kind, names in kinds.items()
        }

    before = calls()
    manager.update([f"key-{number}" for number in range(5_000)], group_ids=["g"] * 5_000)
    assert len(manager.list_keys(group_ids=["g"])) == 5_000
    assert {name: number - before[name] for name, number in calls().items()} == {"scripts": 50, "ranges": 6}
