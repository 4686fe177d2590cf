"""Pauses: the drivers wait and answer with nothing, and operations that run side by side wait for no one else's."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import redis
from redis import asyncio as aredis

from redisvl_adapters.core.server import retrying_drivers
from redisvl_adapters.core.server.commands import Command, Pause, Steps
from redisvl_adapters.core.server.retrying_drivers import adrive, drive
from redisvl_adapters.core.server.steps import pipelined, primed


def sleepy(*parts: float | str) -> Steps[list[Any]]:
    """Pause for each number, send a command for each name, and return all replies."""
    replies: list[Any] = []
    for part in parts:
        got = yield Pause(part) if isinstance(part, float) else [Command((part,))]
        assert len(got) == isinstance(part, str)
        replies += got
    return replies


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the drivers did: the seconds that they slept, and the names of the commands that they sent."""
    done: list[Any] = []

    def send(_client: object, commands: Any, *_: object) -> list[str]:
        done.append([command.args[0] for command in commands])
        return [f"reply to {command.args[0]}" for command in commands]

    async def asend(client: object, commands: Any) -> list[str]:
        return send(client, commands)

    async def asleep(seconds: float) -> None:
        done.append(seconds)

    monkeypatch.setattr(retrying_drivers, "_send", send)
    monkeypatch.setattr(retrying_drivers, "_asend", asend)
    monkeypatch.setattr(time, "sleep", done.append)
    monkeypatch.setattr(asyncio, "sleep", asleep)
    return done


def test_the_sync_driver_sleeps(happened: list[Any]) -> None:
    assert drive(redis.Redis(), sleepy(0.25, "A", 0.5), str) == ["reply to A"]
    assert happened == [0.25, ["A"], 0.5]


async def test_the_async_driver_lets_others_run(happened: list[Any]) -> None:
    assert await adrive(aredis.Redis(), sleepy(0.25, "A", 0.5), str) == ["reply to A"]
    assert happened == [0.25, ["A"], 0.5]


def run(steps: Steps[Any]) -> tuple[Any, list[Any]]:
    """Run an operation and return its result, and its pauses and commands."""
    seen: list[Any] = []
    try:
        batch = next(steps)
        while True:
            if isinstance(batch, Pause):
                seen.append(batch.seconds)
                batch = steps.send([])
            else:
                seen.append([command.args[0] for command in batch])
                batch = steps.send(seen[-1])
    except StopIteration as stop:
        return stop.value, seen


def test_operations_that_all_pause_wait_for_the_shortest_of_them() -> None:
    results, seen = run(pipelined([sleepy(0.3, "A"), sleepy(0.1, "B")]))
    assert results == [["A"], ["B"]]
    assert seen == [0.1, ["A", "B"]]


def test_an_operation_that_pauses_keeps_no_other_waiting() -> None:
    results, seen = run(pipelined([sleepy(9.0, "A"), sleepy("B", "C")]))
    assert results == [["A"], ["B", "C"]]
    assert seen == [["B"], ["A", "C"]]


def test_an_operation_that_begins_with_a_pause_can_be_continued_elsewhere() -> None:
    assert run(primed(sleepy(0.1, "A"))) == (["A"], [0.1, ["A"]])
