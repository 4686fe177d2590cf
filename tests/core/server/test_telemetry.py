"""Telemetry without a server: where it looks, what it says of servers and of commands, and that it never fails."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
import redis
from opentelemetry import metrics

from redisvl_adapters.core.server import telemetry
from redisvl_adapters.core.server.commands import Command, Pause
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.told_commands import ToldCommands


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("redis://ann:secret@example.org:6380/2", {"server.address": "example.org", "server.port": 6380}),
        ("redis://?password=secret", {"server.address": "localhost", "server.port": 6379}),
        ("rediss://[::1]", {"server.address": "::1", "server.port": 6379}),
        ("unix://ann:secret@/run/redis.sock?db=2", {"server.address": "/run/redis.sock"}),
        ("redis://ann:secret@one:1,two:2", {"server.address": "one", "server.port": 1}),
        ("redis+sentinel://ann:secret@one:1,two:2/main/2", {}),
    ],
)
def test_where_a_server_is_is_told_without_credentials(url: str, endpoint: dict[str, Any]) -> None:
    connection = Connection(redis_url=url)
    assert connection.endpoint == {"db.namespace": str(connection.database), **endpoint}


def test_where_the_server_of_a_client_is_is_told() -> None:
    client = redis.Redis(host="example.org", port=6380, password="secret", db=2)  # noqa: S106  # of nobody
    told = {"db.namespace": "2", "server.address": "example.org", "server.port": 6380}
    assert Connection(client=client).endpoint == told
    of_socket = redis.Redis(unix_socket_path="/run/redis.sock")
    assert Connection(client=of_socket).endpoint == {"db.namespace": "0", "server.address": "/run/redis.sock"}


def test_commands_are_told_by_their_lengths() -> None:
    commands = [
        Command(("EVAL", "script", 1, "docs:a", b"\x00" * 1536, "hidden"), "docs:a"),
        Command(("FT.SEARCH", "docs", "@year:[1 2]", "PARAMS", 2, "v", "hidden")),
        Command(("EVAL", "script", 1, "docs:b", "é"), "docs:b"),
    ]
    line = str(ToldCommands(commands, 0.00123))
    assert line == (
        "EVAL 'docs:a' and 1 more: 9 arguments, 1578 bytes; FT.SEARCH 'docs': 6 arguments, 38 bytes in 1.23 ms"
    )
    assert str(ToldCommands(commands[1:2], 0.5, OSError("hidden"))).endswith(" in 500.00 ms, failed: OSError")
    assert str(ToldCommands(Pause(0.5), 0.5)) == "waited 500.00 ms"


@pytest.fixture
def lookout(monkeypatch: pytest.MonkeyPatch) -> telemetry._Lookout:
    """What looks for OpenTelemetry, and has not yet."""
    monkeypatch.setattr(telemetry, "_lookout", telemetry._Lookout())
    return telemetry._lookout


def test_without_a_provider_it_is_looked_for_once_in_a_while(
    lookout: telemetry._Lookout, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = []
    monkeypatch.setattr(lookout, "look", lambda: times.append(1))
    for _ in range(3):
        with telemetry.operation("count", Connection(), "docs"):
            assert telemetry.watching() is None
    assert len(times) == 3
    monkeypatch.undo()
    lookout.instruments, lookout.next_look = None, 0.0
    assert lookout.look() is None
    assert lookout.next_look > 0


def test_an_api_that_is_too_old_is_told_once_and_nothing_fails(
    lookout: telemetry._Lookout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class OldMeter:
        def create_histogram(self, name: str, unit: str, description: str) -> None:
            """Take no buckets."""

    monkeypatch.setattr("redisvl_adapters.core.server.instruments.are_set_up", lambda: True)
    monkeypatch.setattr(metrics, "get_meter", lambda *_, **__: OldMeter())
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with telemetry.operation("count", Connection(), "docs"), telemetry.embedding(None, 1):
                telemetry.tell(k=1)
    assert lookout.next_look == math.inf
    (record,) = caplog.records
    assert "pip install 'redisvl-adapters[otel]'" in record.getMessage()
