"""Scripts by their digests: the text goes once in a batch to each node, and again to one that has forgotten it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1
from typing import Any, TypeAlias
from unittest.mock import AsyncMock

import pytest
from redis.exceptions import NoPermissionError, NoScriptError, ResponseError

from redisvl_adapters.core.server import cluster_transport
from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.core.server.script_digests import by_digest

SCRIPT, OTHER = "return KEYS[1]", "return 1"
FORGOTTEN = NoScriptError("No matching script. Please use EVAL.")
NO_RIGHT = NoPermissionError("this user has no permissions to run the 'evalsha' command")


def script(key: str, text: str = SCRIPT) -> Command:
    """Return the command that runs a script."""
    return Command(("EVAL", text, 1, key, b"\xff"), key)


def digest_of(text: str) -> str:
    """Return what a server calls a script by."""
    return sha1(text.encode()).hexdigest()  # noqa: S324 (as above)


def sent_as(key: str, text: str = SCRIPT) -> tuple[Any, ...]:
    """Return what is sent for a script whose text is known."""
    return ("EVALSHA", digest_of(text), 1, key, b"\xff")


Run: TypeAlias = Callable[[list[Command], list[list[Any]]], Awaitable[tuple[list[Any], list[list[Any]]]]]


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Send a batch to one node that gives these answers, and return the replies and what was sent."""

    async def run(batch: list[Command], answers: list[list[Any]]) -> tuple[list[Any], list[list[Any]]]:
        sent: list[list[Any]] = []

        def exchange(_client: object, commands: Sequence[Command], *_: object, digests: bool) -> list[Any]:
            sent.append(list(by_digest(commands, [1] * len(commands))) if digests else [each.args for each in commands])
            return answers.pop(0)

        async def aexchange(client: object, commands: Sequence[Command], *, digests: bool) -> list[Any]:
            return exchange(client, commands, digests=digests)

        monkeypatch.setattr(cluster_transport, "_exchange", exchange)
        monkeypatch.setattr(cluster_transport, "_aexchange", aexchange)
        if request.param == "sync":
            return cluster_transport.send_to_cluster(None, batch), sent
        return await cluster_transport.asend_to_cluster(AsyncMock(), batch), sent

    return run


async def test_the_text_of_a_script_is_sent_once_in_a_batch(run: Run) -> None:
    batch = [script("a"), script("b"), script("b", OTHER), Command(("GET", "a"), "a"), script("c"), script("d", OTHER)]
    replies, sent = await run(batch, [[1, 2, 3, 4, 5, 6]])
    assert replies == [1, 2, 3, 4, 5, 6]
    assert sent == [[batch[0].args, sent_as("b"), batch[2].args, batch[3].args, sent_as("c"), sent_as("d", OTHER)]]


@pytest.mark.parametrize("unknown", [FORGOTTEN, NO_RIGHT])
async def test_what_a_node_does_not_know_and_what_came_behind_it_is_sent_again(run: Run, unknown: Exception) -> None:
    batch = [script("a"), script("b"), Command(("GET", "b"), "b"), script("c"), script("d")]
    replies, sent = await run(batch, [["A", unknown, None, "C", unknown], ["B", "b", "D"]])
    assert replies == ["A", "B", "b", "C", "D"]
    # But not the script that ran.
    assert sent[1] == [batch[place].args for place in (1, 2, 4)]


async def test_a_refusal_of_the_script_is_a_reply(run: Run) -> None:
    refusal = ResponseError("OOM command not allowed")
    replies, sent = await run([script("a"), script("b")], [["A", FORGOTTEN], [refusal]])
    assert replies == ["A", refusal]
    assert len(sent) == 2


async def test_a_user_who_may_not_run_scripts_at_all_is_told(run: Run) -> None:
    refusal = NoPermissionError("this user has no permissions to run the 'eval' command")
    replies, _ = await run([script("a"), script("b")], [[refusal, NO_RIGHT], [refusal]])
    assert replies == [refusal, refusal]


def test_scripts_beside_what_must_not_be_sent_twice_have_their_texts() -> None:
    batch = [script("a"), Command(("FT.CURSOR", "READ"), repeatable=False), script("b")]
    assert list(by_digest(batch, [1] * 3)) == [command.args for command in batch]


def test_each_node_is_sent_the_text() -> None:
    batch = [script(key) for key in "abcd"]
    assert list(by_digest(batch, [1, 2, 1, 2])) == [batch[0].args, batch[1].args, sent_as("c"), sent_as("d")]


@pytest.mark.parametrize("batch", [[], [script("a")], [Command(("GET", "a"), "a")] * 2])
def test_without_a_second_script_nothing_changes(batch: list[Command]) -> None:
    assert list(by_digest(batch, [None] * len(batch))) == [command.args for command in batch]
