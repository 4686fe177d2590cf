"""The time of a lookup in a cache over that of the raw commands it needs, and against langchain-redis.

    python -m benchmarks.cache                              1,000 and 100,000 entries
    python -m benchmarks.cache 1000                         other sizes
    python -m benchmarks.cache --write docs/performance.md  into a page

Embedding takes no time here. Each figure is the median of ratios, the two sides of each running one right after the
other; the raw side sends the very commands that the cache sends, through redis-py, and looks at no reply.
langchain-redis cannot be installed beside this library, so it gets an environment of its own; at most 1,000 entries,
since it takes long to fill.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import redis

from benchmarks.cache_entries import FAR, MODEL, NEAR, THRESHOLD, Told, answer, median_time, prompt, seconds
from benchmarks.pages import write_part
from benchmarks.servers import server
from redisvl_adapters.langchain import RedisCache, RedisSemanticCache

SIZES = (1_000, 100_000)
INCUMBENT_SIZE = 1_000
TIMES = 1_000

Lookups = dict[str, Callable[[], object]]


MARK = "<!-- benchmarks/cache.py -->"


def main() -> None:
    """Print the table, and write it if that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("sizes", type=int, nargs="*", help="how many entries")
    parser.add_argument("--write", type=Path, help="a Markdown page whose part of this it replaces")
    given = parser.parse_args()
    if given.write and given.sizes:
        parser.error("a page shows the usual sizes")
    lines = ["| entries | what | over | ratio | µs |", "|--:|---|---|--:|---|"]
    print(*lines, sep="\n")
    with server() as url:
        for size in given.sizes or SIZES:
            for line in _measure(url, size):
                print(line, flush=True)
                lines.append(line)
    if given.write:
        write_part(
            given.write,
            MARK,
            f"## Caches\n\nMade by `python -m benchmarks.cache --write {given.write}`: lookups over the raw commands "
            "that they send, and over those of langchain-redis, medians. Embedding takes no time here. An answer is a "
            "chat message of 400 characters, with usage and metadata, which each hit makes anew.\n\n"
            + "\n".join(lines)
            + "\n",
        )


def _measure(url: str, size: int) -> Iterator[str]:
    exact = RedisCache(redis_url=url, prefix="bench-exact")
    semantic = RedisSemanticCache(Told(size), redis_url=url, index_name="bench", distance_threshold=THRESHOLD)
    with exact, semantic:
        semantic.drop()
        exact.update(prompt(0), MODEL, answer(0))
        for place in range(size):
            semantic.update(prompt(place), MODEL, answer(place))
        lookups = _lookups(exact, semantic)
        assert [bool(lookup()) for lookup in lookups.values()] == [True, False, True, True, False]
        with Recorder.from_url(url, protocol=2) as recorder, redis.Redis.from_url(url, protocol=2) as raw:
            for title, lookup in lookups.items():
                commands = _commands(recorder, size, title)
                ratio, ours, theirs = _ratio(lookup, partial(_send, raw, commands))
                sent = " + ".join(str(command[0]) for command in commands)
                yield f"| {size:,} | {title} | {sent} | {ratio:.2f} | {ours:.0f} against {theirs:.0f} |"
        if size <= INCUMBENT_SIZE:
            yield from _against_incumbent(url, size, lookups)
        exact.clear()
        semantic.drop()


def _lookups(exact: Any, semantic: Any) -> Lookups:
    return {
        "exact cache, hit": lambda: exact.lookup(prompt(0), MODEL),
        "exact cache, miss": lambda: exact.lookup("another", MODEL),
        "semantic cache, identical prompt": lambda: semantic.lookup(prompt(1), MODEL),
        "semantic cache, near prompt": lambda: semantic.lookup(NEAR, MODEL),
        "semantic cache, miss": lambda: semantic.lookup(FAR, MODEL),
    }


class Recorder(redis.Redis):
    """A client that notes what is sent through it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[tuple[Any, ...]] = []
        super().__init__(*args, **kwargs)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Note a command and send it."""
        self.sent.append(args)
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py's

    def pipeline(self, *args: Any, **kwargs: Any) -> Any:
        """Return a pipeline whose commands are noted too."""
        pipeline: Any = super().pipeline(*args, **kwargs)
        queue = pipeline.execute_command

        def noted(*command: Any, **options: Any) -> Any:
            self.sent.append(command)
            return queue(*command, **options)

        pipeline.execute_command = noted
        return pipeline


def _commands(recorder: Recorder, size: int, title: str) -> list[tuple[Any, ...]]:
    """Return the commands that a lookup sends once its cache is open."""
    exact = RedisCache(client=recorder, prefix="bench-exact")
    semantic = RedisSemanticCache(Told(size), client=recorder, index_name="bench", distance_threshold=THRESHOLD)
    lookup = _lookups(exact, semantic)[title]
    lookup()
    recorder.sent.clear()
    lookup()
    return list(recorder.sent)


def _send(raw: redis.Redis, commands: list[tuple[Any, ...]]) -> None:
    for command in commands:
        raw.execute_command(*command)


def _ratio(ours: Callable[[], object], raw: Callable[[], object]) -> tuple[float, float, float]:
    for _ in range(20):
        ours()
        raw()
    pairs = [(seconds(ours), seconds(raw)) for _ in range(TIMES)]
    return (
        statistics.median(mine / theirs for mine, theirs in pairs),
        statistics.median(mine for mine, _ in pairs) * 1e6,
        statistics.median(theirs for _, theirs in pairs) * 1e6,
    )


def _against_incumbent(url: str, size: int, lookups: Lookups) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bin", "python")
        try:
            venv.create(folder, with_pip=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "langchain-redis"]
            subprocess.run(pip, check=True, capture_output=True, text=True)  # noqa: S603  # our own arguments
            command = [str(python), "-W", "ignore", "-m", "benchmarks.cache_incumbent", url, str(size), str(TIMES)]
            printed = subprocess.run(  # noqa: S603  # our own arguments
                command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1]
            ).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            reason = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
            print(f"langchain-redis cannot be installed or run here: {' '.join(reason)}", file=sys.stderr)
            return
    for title, theirs in json.loads(printed.splitlines()[-1]).items():
        ours = median_time(lookups[title], TIMES)
        yield f"| {size:,} | {title} | langchain-redis | {ours / theirs:.2f} | {ours:.0f} against {theirs:.0f} |"


if __name__ == "__main__":
    main()
