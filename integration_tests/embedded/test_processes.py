"""EmbeddedRedis in other programs: ended, killed or forked, they leave nothing behind. The command is one of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from integration_tests.embedded.embedded_support import (
    DEADLINE,
    SERVE,
    Launch,
    connect,
    first_line,
    ps,
    running,
    traces,
    until,
)
from redisvl_adapters import embedded
from redisvl_adapters.embedded import EmbeddedRedis
from redisvl_adapters.errors import EmbeddedRedisError


def test_two_processes_cannot_use_one_path(tmp_path: Path, launch: Launch) -> None:
    program = launch("-c", SERVE, tmp_path)
    first_line(program)
    with pytest.raises(EmbeddedRedisError, match=f"in use .*process {program.pid}"):
        EmbeddedRedis(tmp_path).start()


def test_the_path_of_a_killed_process_can_be_used_at_once_and_has_its_data(tmp_path: Path, launch: Launch) -> None:
    program = launch("-c", SERVE, tmp_path)
    with connect(first_line(program)) as client:
        client.set("key", "value")
    program.kill()
    program.wait()
    with EmbeddedRedis(tmp_path) as server, connect(server.url) as client:
        assert client.get("key") == "value"


ENDINGS = {
    "it returns": "",
    "an exception": "raise SystemExit('unhandled')",
    "the object is forgotten": "del server",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_a_program_that_ends_takes_its_server_with_it(launch: Launch, tmp_path: Path, ending: str) -> None:
    program = launch("-W", "error", "-c", SERVE + ending, tmp_path)
    left = traces(first_line(program))
    _, errors = program.communicate("\n", timeout=DEADLINE)
    assert left.gone()  # at once: it is waited for, so that the next program finds the path free
    assert errors.strip() in {"", "unhandled"}


def test_a_program_that_ends_without_cleaning_up_leaves_nothing(launch: Launch) -> None:
    program = launch("-c", SERVE + "import os; os._exit(0)")
    left = traces(first_line(program))
    program.communicate("\n", timeout=DEADLINE)
    until(left.gone, "the server, its watchdog and its folder are gone")


@pytest.mark.parametrize("with_path", [False, True], ids=["without path", "with path"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP], ids=lambda number: number.name)
def test_nothing_is_left_when_the_program_is_killed(
    launch: Launch, tmp_path: Path, number: signal.Signals, with_path: bool
) -> None:
    program = launch("-c", SERVE, *([tmp_path] if with_path else []))
    left = traces(first_line(program))
    program.send_signal(number)
    program.wait(DEADLINE)
    until(left.gone, "the server, its watchdog and its folder are gone")


def test_ctrl_c_lets_the_program_use_the_server_while_it_cleans_up(
    launch: Launch,
) -> None:
    program = launch(
        "-c",
        """
import signal, sys, redis
from redisvl_adapters.embedded import EmbeddedRedis
signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has it ignored
with EmbeddedRedis() as server:
    client = redis.Redis.from_url(server.url)
    try:
        print(server.url, flush=True)
        sys.stdin.readline()
    except KeyboardInterrupt:
        print(client.ping())
        client.close()
""",
        start_new_session=True,
    )
    left = traces(first_line(program))
    assert os.getpgid(left.server) != program.pid
    assert os.getpgid(left.watchdog) != program.pid
    os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to the whole group
    output, errors = program.communicate(timeout=DEADLINE)
    assert (output.strip(), errors) == ("True", "")
    assert left.gone()


def test_a_forked_child_can_use_the_server_and_its_end_does_not_stop_it(
    launch: Launch,
) -> None:
    program = launch(
        "-W",
        "error",
        "-c",
        """
import os, sys, redis
from redisvl_adapters.embedded import EmbeddedRedis
with EmbeddedRedis() as server:
    if child := os.fork():
        status = os.waitpid(child, 0)[1]
    with redis.Redis.from_url(server.url) as client:
        print(client.incr("visits"), flush=True)
    if not child:
        server.stop()
        sys.exit(0)
print(status)
""",
    )
    output, errors = program.communicate(timeout=DEADLINE)
    assert (output.split(), errors) == (["1", "2", "0"], "")


@pytest.mark.parametrize(
    "child",
    [
        "import os\nif not os.fork(): sys.stdin.read(); os._exit(0)",
        "import subprocess\nsubprocess.Popen([sys.executable, '-c', 'input()'], close_fds=False)",
    ],
    ids=["fork", "subprocess"],
)
def test_a_child_that_outlives_its_killed_parent_does_not_keep_the_server_alive(launch: Launch, child: str) -> None:
    program = launch("-c", SERVE.replace("print(", child + "\nprint("))
    left = traces(first_line(program))
    children = ps("-A", "-o", "ppid=,pid=").splitlines()
    pids = [
        int(pid) for ppid, pid in map(str.split, children) if int(ppid) == program.pid and int(pid) != left.watchdog
    ]
    assert len(pids) == 1
    program.kill()
    program.wait()
    until(left.gone, "the server, its watchdog and its folder are gone")
    assert running(pids[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_the_program_prints_its_url_serves_and_ends_with_0_when_told(
    launch: Launch, tmp_path: Path, number: signal.Signals
) -> None:
    port = embedded._free_port()
    program = launch("-W", "error", "-m", "redisvl_adapters.embedded", "--path", tmp_path, "--port", str(port))
    url = first_line(program)
    assert f":{port}/" in url
    left = traces(url)
    program.send_signal(number)
    output, errors = program.communicate(timeout=DEADLINE)
    assert (program.returncode, output) == (0, "")
    assert "Ctrl-C stops it" in errors
    assert left.gone()


def test_the_program_ends_with_1_and_one_line_when_its_path_is_in_use(launch: Launch, tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path):
        program = launch("-m", "redisvl_adapters.embedded", "--path", tmp_path)
        output, errors = program.communicate(timeout=DEADLINE)
    assert (program.returncode, output, errors.count("\n")) == (1, "", 1)
    assert f"'{tmp_path}' is in use" in errors


def test_the_program_ends_with_1_when_its_server_dies(launch: Launch) -> None:
    program = launch("-m", "redisvl_adapters.embedded")
    os.kill(traces(first_line(program)).server, signal.SIGKILL)
    errors = program.communicate(timeout=DEADLINE)[1]
    assert program.returncode == 1
    assert "has ended by itself" in errors
