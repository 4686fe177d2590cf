"""``info``, ``indexes`` and ``check`` on the command line: what they print, and with which code they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from integration_tests.core.core_support import own_server
from integration_tests.servers import has_slots
from redisvl_adapters.cli.main import main
from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.inspection.rights import rights_of


@pytest.fixture
def index(redis_url: str, index_name: str, storage: Any) -> Iterator[RedisIndex]:
    """An index with three records."""
    made = RedisIndex(index_name=index_name, redis_url=redis_url, storage=storage, m=24)
    records = [Record(f"r{n}", "text", {"topic": f"t{n}", "n": n}) for n in range(3)]
    made.run(operations.upsert(made.state, records, [[1.0, float(n)] for n in range(3)]))
    yield made
    made.close()


def test_an_index_is_shown(
    index: RedisIndex, redis_url: str, index_name: str, storage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", index_name, "--url", redis_url]) == 0
    lines = capsys.readouterr().out.splitlines()
    facts = dict(line.split("  ", 1) for line in lines if "  " in line)
    assert facts["records"].strip() == "3"
    assert facts["storage"].strip() == f"{storage}, keys {index_name}:*"
    assert "m=24" in facts["algorithm"]
    assert any(line.split() == ["topic", "tag", "3"] for line in lines)
    assert main(["info", index_name, "--url", redis_url, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["records"], told["failures"], told["dims"]) == (3, None, 2)


def test_indexes_are_listed(
    index: RedisIndex, redis_url: str, index_name: str, storage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["indexes", "--url", redis_url]) == 0
    heads, *rows = capsys.readouterr().out.splitlines()
    assert heads.split() == ["index", "kind", "records", "memory", "vectors", "storage", "state"]
    (row,) = [line.split() for line in rows if line.startswith(index_name)]
    assert (row[1], row[2], row[-2:]) == ("store", "3", [storage, "ready"])
    assert main(["indexes", "--url", redis_url, "--json"]) == 0
    assert index_name in [each["name"] for each in json.loads(capsys.readouterr().out)]


def test_a_check_ends_with_1_if_it_finds_something(
    index: RedisIndex, server: redis.Redis, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", index_name, "--url", redis_url]) == 0
    assert capsys.readouterr().out == "3 keys: all as they should be\n"
    # A name that would steer a terminal.
    server.set(f"{index_name}:\x1b[31m", "x")
    assert main(["check", index_name, "--url", redis_url, "--fix"]) == 1
    told = capsys.readouterr().out
    assert f"foreign  {index_name}:\\x1b[31m  it is no record of this library" in told
    assert told.endswith("4 keys: 1 foreign\n")
    assert main(["check", index_name, "--url", redis_url, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["keys"], found["fixed"], found["foreign"]) == (4, 0, 1)
    assert found["findings"][0]["kind"] == "foreign"


@pytest.mark.parametrize("command", ["info {}", "indexes", "check {}", "export {} --output x"])
def test_what_cannot_be_asked_is_told_in_one_line_without_the_password(
    command: str, redis_url: str, index_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(url: str) -> str:
        assert main([*command.format(f"{index_name}-no").split(), "--url", url]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("redisvl-adapters: ")
        assert err.count("\n") == 1
        assert "hidden" not in err
        return err

    assert "127.0.0.1:1" in told("redis://:hidden@127.0.0.1:1?socket_connect_timeout=0.2")
    with own_server(modules=()) as (port, _):
        assert "lacks the search module" in told(f"redis://127.0.0.1:{port}")
    if not has_slots(redis_url):
        address = redis_url.rpartition("@")[2].removeprefix("redis://")
        assert "password" in told(f"redis://:hidden@{address}")
    if command != "indexes":
        assert "does not exist" in told(redis_url)


def test_a_user_with_few_rights_can_look_and_one_with_more_can_mend(
    index: RedisIndex,
    server: redis.Redis,
    redis_url: str,
    index_name: str,
    storage: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if has_slots(redis_url):
        pytest.skip("the users of one node are not those of the others")
    user = f"{index_name}-user"
    url = f"redis://{user}:p@{redis_url.rpartition('@')[2].removeprefix('redis://')}"
    looks = ["+scan", "+exists", *(["+eval"] if storage == "json" else [])]
    try:
        for role, more in (("reader", looks), ("manager", ["+scan"])):
            rules = [*rights_of(role, index_name, storage=storage), *more]
            server.execute_command("ACL", "SETUSER", user, "reset", "on", ">p", *rules)
            for command in ("info {}", "check {}", f"export {{}} --quiet --output {tmp_path / role}"):
                assert main([*command.format(index_name).split(), "--url", url]) == 0
        if storage == "json":
            server.execute_command("JSON.SET", f"{index_name}:r0", "$.index.topic", '"other"')
        else:
            server.hset(f"{index_name}:r0", "topic", "other")
        capsys.readouterr()
        assert main(["check", index_name, "--url", url]) == 1
        assert main(["check", index_name, "--url", url, "--fix"]) == 0
        assert capsys.readouterr().out.endswith("3 keys: all as they should be; 1 mended\n")
        server.execute_command("ACL", "SETUSER", user, "-scan")
        assert main(["check", index_name, "--url", url]) == 1
        assert "does not permit SCAN" in capsys.readouterr().err
    finally:
        server.acl_deluser(user)
