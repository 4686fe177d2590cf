"""As much of a Redis with search as operations need, in memory, so that they can be interrupted and interleaved.

Records are hashes. A field of the index covers the records that are written after it was added, and all of them if it
was there when the index was created: FT.ALTER goes with SKIPINITIALSCAN.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Generator, Sequence
from itertools import pairwise
from typing import Any, Unpack

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.lifecycle import open_index
from redisvl_adapters.core.index.registry import HEADER
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.metadata_updates import UPDATE_HASH_METADATA
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.replace_script import UPDATE_HASH
from redisvl_adapters.core.schema.option_parsing import read_options
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.commands import Command, Pause, Reply, Steps, T
from redisvl_adapters.errors import ServerError

NAME = "docs"
_TYPES = ("TEXT", "TAG", "NUMERIC", "GEO", "VECTOR")


def make_state(**options: Unpack[IndexOptions]) -> IndexState:
    """Return the state of an index that nobody has looked at yet."""
    return IndexState(read_options({"index_name": NAME, **options}))


def opened(state: IndexState, steps: Steps[T]) -> Steps[T]:
    """Open the index before an operation if need be, as ``RedisIndex`` does."""
    if not state.opened:
        yield from open_index(state)
    return (yield from steps)


def record(record_id: str, **metadata: Any) -> Record:
    """Return a record with a text and metadata."""
    return Record(record_id, f"text of {record_id}", metadata)


class FakeServer:
    """The server.

    Attributes:
        fields: The fields of the index by name, with their rows as FT.INFO tells them; None without an index.
        keys: The hashes: records and registry.
        covered: The fields of the index that cover each record.
        sent: The names of the commands of each batch.
        paused: The seconds of each pause, none of which is waited for.
        scans: For how many more questions the index is being scanned.
        slow_scans: For how many it is scanned when it is made, or gets a field that records may have.
        others: The replies to FT.INFO of other indexes, by name.
        aliases: The names that stand for the index.
        name: The name of the index.
    """

    name = NAME

    def __init__(self) -> None:
        self.fields: dict[str, list[Any]] | None = None
        self.keys: dict[str, dict[bytes, bytes]] = {}
        self.covered: dict[str, set[str]] = {}
        self.sent: list[list[str]] = []
        self.paused: list[float] = []
        self.scans = 0
        self.slow_scans = 0
        self.others: dict[str, list[Any]] = {}
        self.aliases: set[str] = set()
        self._interrupts: list[tuple[str, Callable[[], object]]] = []
        self._pages: list[list[bytes]] = []

    @property
    def records(self) -> dict[str, dict[bytes, bytes]]:
        """The records by their ids."""
        prefix = self.prefix
        return {key.removeprefix(prefix): value for key, value in self.keys.items() if key.startswith(prefix)}

    @property
    def prefix(self) -> str:
        """What the keys of the records start with."""
        return f"{self.name}:"

    @property
    def registry(self) -> dict[bytes, bytes]:
        """The registry of the index."""
        return self.keys.get(f"redisvl-adapters/{NAME}", {})

    def interrupt(self, command: str, action: Callable[[], object]) -> None:
        """Do something just before the next batch that has a command of that name; a raised error is the batch's."""
        self._interrupts.append((command, action))

    def run(self, state: IndexState, steps: Steps[T]) -> T:
        """Run an operation to its end."""
        steps = opened(state, steps)
        try:
            commands = next(steps)
            while True:
                if isinstance(commands, Pause):
                    self.paused.append(commands.seconds)
                    commands = steps.send([])
                    continue
                self.sent.append([str(command.args[0]) for command in commands])
                try:
                    self._before(self.sent[-1])
                    replies = [self.execute(command) for command in commands]
                except ServerError as error:
                    commands = steps.throw(error)
                else:
                    commands = steps.send(replies)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic

    def race(self, seed: int, *operations: Steps[Any]) -> None:
        """Run several operations at once, taking turns at random after each single command."""
        dice = random.Random(seed)
        waiting = [self._process(steps) for steps in operations]
        while waiting:
            process = dice.choice(waiting)
            if next(process, True):
                waiting.remove(process)

    def _process(self, steps: Steps[Any]) -> Generator[bool]:
        replies: list[Reply] | None = None
        while True:
            try:
                commands: Sequence[Command] = next(steps) if replies is None else steps.send(replies)
            except StopIteration:
                return
            replies = []
            for command in commands:
                yield False
                replies.append(self.execute(command))

    def _before(self, names: list[str]) -> None:
        for interrupt in self._interrupts:
            if interrupt[0] in names:
                self._interrupts.remove(interrupt)
                interrupt[1]()
                return

    def execute(self, command: Command) -> Reply:
        """Return the reply to one command."""
        name, *args = command.args
        method = getattr(self, "_" + str(name).lower().replace(".", "_"))
        if str(name).startswith("FT.") and name not in ("FT.CREATE", "FT._LIST"):
            if name == "FT.INFO" and args[0] in self.others:
                return self.others[str(args[0])]
            is_there = self.fields is not None and args[0] in (self.name, *self.aliases)
            if name != "FT.CURSOR" and not is_there:
                return ResponseError(f"{args[0]!r}: no such index")
        return method(*args)

    def _ft__list(self) -> Reply:
        return [name.encode() for name in (*self.others, *([NAME] if self.fields is not None else []))]

    def _ft_create(self, *args: Any) -> Reply:
        if self.fields is not None:
            return ResponseError("Index already exists")
        self.fields = _rows(args[args.index("SCHEMA") + 1 :])
        self.covered = {key: set(self.fields) for key in self.records}
        self.scans = self.slow_scans
        return b"OK"

    def _ft_alter(self, *args: Any) -> Reply:
        assert self.fields is not None
        rows = _rows(args[args.index("ADD") + 1 :])
        if rows.keys() & self.fields.keys():
            return ResponseError("Duplicate field in schema - it")
        self.fields |= rows
        if "SKIPINITIALSCAN" not in args:
            self.scans = self.slow_scans
            for covered in self.covered.values():
                covered.update(rows)
        return b"OK"

    def _ft_dropindex(self, _name: str, *options: str) -> Reply:
        self.fields = None
        self.aliases.clear()
        for record_id in self.records if options else ():
            del self.keys[f"{self.prefix}{record_id}"]
        return b"OK"

    def _ft_info(self, _name: str) -> Reply:
        definition = [b"key_type", b"HASH", b"prefixes", [self.prefix.encode()]]
        rows = list((self.fields or {}).values())
        return [
            *(b"index_name", self.name.encode(), b"index_definition", definition),
            *(b"attributes", rows, b"num_docs", len(self.records)),
            *(b"indexing", self._scanned(), b"percent_indexed", b"0.25" if self.scans else b"1"),
        ]

    def _scanned(self) -> int:
        self.scans = max(0, self.scans - 1)
        return int(self.scans > 0)

    def _ft_cursor(self, *_args: Any) -> Reply:
        return self._page(self._pages.pop(0)) if self._pages else ResponseError("Cursor not found")

    def _ft_explain(self, *_args: str) -> Reply:
        return b"*"

    def _command(self, *_args: str) -> Reply:
        return [None]

    def _ft_tagvals(self, _name: str, field: str) -> Reply:
        tags = [fields.get(field.encode(), b"").split(b"\x1f") for fields in self.records.values()]
        return sorted({tag for some in tags for tag in some if tag})

    def _ft_search(self, _name: str, text: str, *args: Any) -> Reply:
        ids = self._matching(text)
        if "NOCONTENT" not in args:
            fields = [[part for pair in self.records[each].items() for part in pair] for each in ids]
            scores = [b"1"] if "WITHSCORES" in args else []
            rows = zip(ids, fields, strict=True)
            found = [(f"{self.prefix}{each}".encode(), *scores, [b"vector_distance", b"0", *row]) for each, row in rows]
            return [len(ids), *(part for row in found for part in row)]
        most = args[args.index("LIMIT") + 2]
        return [len(ids), *(f"{self.prefix}{record_id}".encode() for record_id in ids[:most])]

    def _matching(self, text: str) -> list[str]:
        if text.startswith("-@"):
            found = self._matching(text[1:])
            return [record_id for record_id in self.records if record_id not in found]
        wanted = [set(tags.split("|")) for tags in re.findall(r"{([^}]*)}", re.sub(r"\\(.)", r"\1", text))]
        tags = [set(fields.get(b"_keys", b"").decode().split("\x1f")) for fields in self.records.values()]
        return [
            record_id
            for record_id, present in zip(self.records, tags, strict=True)
            if all(one_of & present for one_of in wanted)
        ]

    def _ft_aggregate(self, *args: Any) -> Reply:
        if "FILTER" in args:
            keys = [f"{self.prefix}{record_id}" for record_id, fields in self.records.items() if b"_keys" not in fields]
            counted = [[b"n", str(len(keys)).encode()]]
            rows = counted if "GROUPBY" in args else [[b"__key", key.encode()] for key in keys]
            return [1, *rows] if keys else [0]
        found = [f"{self.prefix}{record_id}".encode() for record_id in self._matching(args[1])]
        size = args[args.index("COUNT") + 1]
        pages = [found[start : start + size] for start in range(0, len(found), size)]
        self._pages = pages[1:]
        return self._page(pages[0] if pages else [])

    def _page(self, keys: list[bytes]) -> Reply:
        return [[len(keys), *([b"__key", key] for key in keys)], int(bool(self._pages))]

    def _eval(self, script: str, count: int, key: str, *args: Any) -> Reply:
        updates: dict[str, Callable[..., Reply]] = {
            UPDATE_HASH: self._update_projection,
            UPDATE_HASH_METADATA: self._update_metadata,
        }
        if script in updates:
            return updates[script](key, *args)
        if "local function holds" in script:
            keys, (conditions, *parts) = [key, *args[: count - 1]], args[count - 1 :]
            return self._on_records(script, keys, parts[: 3 * conditions], parts[3 * conditions :])
        if script.startswith("if redis.call('HEXISTS'"):
            if HEADER not in self.keys.get(key, {}):
                self._hset(key, *args)
            return None
        if "HGET" in script and "DEL" in script and "HSET" in script:
            if self.keys.get(key, {}).get(args[0]) == args[1]:
                self._del(key)
                if args[2:]:
                    self._hset(key, *args[2:])
            return None
        if "HGET" in script:
            if self.keys.get(key, {}).get(args[0]) == args[1]:
                if "HSET" in script:
                    self.keys[key][args[0]] = args[2]
                else:
                    del self.keys[key]
            return None
        raise NotImplementedError(script)

    def _on_records(self, script: str, keys: Sequence[str], held: Sequence[Any], parts: Sequence[Any]) -> Reply:
        """Run a script that looks at each record first: whether it is one, and has what it must."""
        names = [name.encode() for name in held[::3]]
        wanted = [str(value).encode() for value in held[2::3]]

        def holds(key: str) -> bool:
            return [self.keys[key].get(name) for name in names] == wanted

        if "UNLINK" in script:
            return sum(self._del(key) for key in keys if self._hexists(key, "_keys") and holds(key))
        if "unpack(ARGV,at+1)" in script:
            name, *rest = parts
            there = self._hexists(keys[0], "_keys") and holds(keys[0])
            return self.execute(Command((name, keys[0], *rest))) if there else 0
        for written, key in enumerate(keys):
            _ttl, size, *parts = parts
            if key in self.keys and b"_keys" not in self.keys[key]:
                return [written, b"TAKEN"]
            if key in self.keys and not holds(key):
                return [written, b"OUTSIDE"]
            raw = list(map(_raw, parts[:size]))
            parts = parts[size:]
            self.keys[key] = dict(zip(raw[::2], raw[1::2], strict=True))
            self._cover(key)
        return [len(keys)]

    def _update_projection(self, key: str, name: str, value: bytes, *written: Any) -> Reply:
        if self._hget(key, name) != value:
            return 0
        self._hset(key, *map(_raw, written))
        return 1

    def _update_metadata(self, key: str, count: int, *parts: Any) -> Reply:
        if self._hmget(key, *parts[:count]) != [*parts[count : 2 * count]]:
            return 0
        gone, written = int(parts[2 * count]), parts[2 * count + 1 :]
        self._hset(key, *map(_raw, written[gone:]))
        for name in written[:gone]:
            self._hdel(key, name.encode())
        self._cover(key)
        return 1

    def _cover(self, key: str) -> None:
        self.covered[key.removeprefix(self.prefix)] = set(self.fields or ())

    def _hmget(self, key: str, *names: str) -> Reply:
        return [self.keys.get(key, {}).get(name.encode()) for name in names]

    def _hget(self, key: str, name: str) -> Reply:
        return self.keys.get(key, {}).get(name.encode())

    def _hgetall(self, key: str) -> Reply:
        return [part for pair in self.keys.get(key, {}).items() for part in pair]

    def _hset(self, key: str, *parts: bytes) -> Reply:
        self.keys.setdefault(key, {}).update(zip(parts[::2], parts[1::2], strict=True))

    def _hsetnx(self, key: str, name: bytes, value: bytes) -> Reply:
        fields = self.keys.setdefault(key, {})
        was_first = name not in fields
        fields.setdefault(name, value)
        return int(was_first)

    def _hdel(self, key: str, name: bytes) -> Reply:
        return int(self.keys.get(key, {}).pop(name, None) is not None)

    def _hexists(self, key: str, name: str) -> Reply:
        return int(name.encode() in self.keys.get(key, {}))

    def _del(self, *keys: str) -> Reply:
        return sum(self.keys.pop(key, None) is not None for key in keys)

    _unlink = _del


def _raw(part: Any) -> bytes:
    return part.encode() if isinstance(part, str) else part


def _rows(args: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the fields of a schema as FT.CREATE and FT.ALTER take them, by name, as FT.INFO tells them."""
    rows = {}
    for place, (name, kind) in enumerate(pairwise(args)):
        if kind in _TYPES:
            row = [b"attribute", name.encode(), b"type", kind.encode()]
            if kind == "TEXT":
                row += [b"WEIGHT", b"1", *([b"NOSTEM"] if "NOSTEM" in args[place : place + 6] else [])]
            if kind == "VECTOR":
                told = args[place:]
                row += [b"algorithm", told[2].encode(), b"dim", told[told.index("DIM") + 1]]
                row += [b"data_type", told[told.index("TYPE") + 1].encode()]
                row += [b"distance_metric", told[told.index("DISTANCE_METRIC") + 1].encode()]
            rows[name] = row
    return rows
