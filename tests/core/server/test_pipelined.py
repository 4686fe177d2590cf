"""Operations side by side: what they send at the same time goes in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.core.server.steps import pipelined
from redisvl_adapters.errors import ArgumentError, ServerError


def talk(name: str, *batches: int) -> Steps[list[Reply]]:
    """Send batches of so many commands and return all replies."""
    replies: list[Reply] = []
    for turn, size in enumerate(batches):
        replies += [ok(reply) for reply in (yield [Command((name, turn, place)) for place in range(size)])]
    return replies


def run(steps: Steps[Any], refused: Sequence[tuple[Any, ...]] = ()) -> tuple[Any, list[list[tuple[Any, ...]]]]:
    """Run an operation; each command is answered by itself, or refused. Returns its result and what was sent."""
    sent: list[list[tuple[Any, ...]]] = []
    try:
        commands = next(steps)
        while True:
            sent.append([command.args for command in commands])
            commands = steps.send([ResponseError("no") if args in refused else args for args in sent[-1]])
    except StopIteration as stop:
        return stop.value, sent


def alone(name: str, *batches: int) -> Any:
    return run(talk(name, *batches))[0]


def test_results_come_in_the_order_of_the_operations() -> None:
    results, _ = run(pipelined([talk("a", 1, 1, 1), talk("b"), talk("c", 2), talk("d", 1, 1)]))
    assert results == [alone("a", 1, 1, 1), [], alone("c", 2), alone("d", 1, 1)]


def test_operations_go_in_step_and_take_as_many_round_trips_as_the_longest_one() -> None:
    _, sent = run(pipelined([talk("a", 1, 2), talk("b", 2), talk("c", 1, 1, 1)]))
    assert sent == [
        [("a", 0, 0), ("b", 0, 0), ("b", 0, 1), ("c", 0, 0)],
        [("a", 1, 0), ("a", 1, 1), ("c", 1, 0)],
        [("c", 2, 0)],
    ]


def test_an_empty_batch_gets_no_replies_and_delays_nobody() -> None:
    results, sent = run(pipelined([talk("a", 0, 1), talk("b", 1, 0)]))
    assert results == [[("a", 1, 0)], [("b", 0, 0)]]
    assert sent == [[("b", 0, 0)], [("a", 1, 0)]]


def test_without_operations_nothing_is_sent() -> None:
    assert run(pipelined([])) == ([], [])
    assert run(pipelined([talk("a"), talk("b")])) == ([[], []], [])


def test_one_hundred_operations_are_one_round_trip() -> None:
    results, sent = run(pipelined([talk(str(place), 1) for place in range(100)]))
    assert results == [[(str(place), 0, 0)] for place in range(100)]
    assert len(sent) == 1


def test_operations_side_by_side_can_be_part_of_an_operation() -> None:
    inner = pipelined([talk("a", 1), talk("b", 1, 1)])
    results, sent = run(pipelined([inner, talk("c", 1)]))
    assert results == [[alone("a", 1), alone("b", 1, 1)], alone("c", 1)]
    assert [len(batch) for batch in sent] == [3, 1]


def test_an_error_in_one_is_the_error_of_all_and_nothing_more_is_sent() -> None:
    def wrong() -> Steps[Any]:
        yield [Command(("wrong", 0, 0))]
        raise ArgumentError("out of range")

    steps = pipelined([talk("a", 1, 1), wrong(), talk("b", 1, 1)])
    assert [command.args[0] for command in next(steps)] == ["a", "wrong", "b"]
    with pytest.raises(ArgumentError, match="out of range"):
        steps.send([0, 0, 0])
    with pytest.raises(StopIteration):
        next(steps)


def test_an_error_before_the_first_batch_sends_nothing() -> None:
    def wrong() -> Steps[Any]:
        raise ArgumentError("out of range")
        yield []

    with pytest.raises(ArgumentError, match="out of range"):
        next(pipelined([talk("a", 1), wrong()]))


def test_a_command_that_the_server_refuses_is_told_to_its_own_operation() -> None:
    def lenient(name: str) -> Steps[list[bool]]:
        replies = yield [Command((name, 0, 0))]
        return [isinstance(reply, ResponseError) for reply in replies]

    refused = [("a", 0, 0)]
    assert run(pipelined([lenient("a"), lenient("b")]), refused)[0] == [[True], [False]]
    with pytest.raises(ServerError, match="no"):
        run(pipelined([talk("a", 1), lenient("b")]), refused)


def test_a_connection_that_breaks_is_an_error_of_all() -> None:
    steps = pipelined([talk("a", 1), talk("b", 1)])
    next(steps)
    with pytest.raises(ServerError, match="gone"):
        steps.throw(ServerError("gone"))
