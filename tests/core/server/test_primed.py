"""Operations that are begun in one place and run in another: nothing is sent before, and nothing else changes."""

from __future__ import annotations

import pytest

from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.steps import primed
from redisvl_adapters.errors import ServerError


def talk(said: list[str], *names: str) -> Steps[list[Reply]]:
    replies: list[Reply] = []
    said.append("begun")
    for name in names:
        try:
            replies += yield [Command((name,))]
        except ServerError as error:
            replies.append(str(error))
    return replies


def finish(steps: Steps[list[Reply]], fails: str = "") -> tuple[list[Reply], list[str]]:
    """Run an operation and return its result and what was sent; one command fails."""
    sent: list[str] = []
    try:
        commands = next(steps)
        while True:
            name = str(commands[0].args[0])
            sent.append(name)
            commands = steps.throw(ServerError("gone")) if name == fails else steps.send([name.lower()])
    except StopIteration as stop:
        return stop.value, sent


@pytest.mark.parametrize("fails", ["", "A", "B"])
def test_a_primed_operation_does_what_it_would_have_done(fails: str) -> None:
    expected = finish(talk([], "A", "B"), fails)
    assert finish(primed(talk([], "A", "B")), fails) == expected
    assert expected[1] == ["A", "B"]


def test_it_has_begun_before_it_is_run() -> None:
    said: list[str] = []
    steps = primed(talk(said, "A"))
    assert said == ["begun"]
    assert finish(steps) == (["a"], ["A"])


def test_an_operation_that_sends_nothing_has_its_result() -> None:
    assert finish(primed(talk([]))) == ([], [])


def test_what_is_wrong_is_raised_at_once() -> None:
    def wrong() -> Steps[list[Reply]]:
        raise ValueError("wrong")
        yield []

    with pytest.raises(ValueError, match="wrong"):
        primed(wrong())


def test_an_error_that_the_operation_does_not_handle_goes_through() -> None:
    steps = primed(talk([], "A"))
    next(steps)
    with pytest.raises(KeyError):
        steps.throw(KeyError("not handled"))


def test_closing_it_closes_the_operation() -> None:
    closed: list[bool] = []

    def careful() -> Steps[None]:
        try:
            yield [Command(("A",))]
        finally:
            closed.append(True)

    steps = primed(careful())
    next(steps)
    steps.close()
    del steps
    assert closed == [True]
