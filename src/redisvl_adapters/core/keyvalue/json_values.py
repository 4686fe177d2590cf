"""JSON values by key in collections: each collection is one Redis hash, read and written in pages of bounded size.

The layout is that of LlamaIndex's own Redis stores: a hash whose fields are the keys and whose values are JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, TypeAlias, cast

import orjson
from pydantic_core import from_json

from redisvl_adapters.core.arguments import check_count, check_strings
from redisvl_adapters.core.records.metadata import check_metadata
from redisvl_adapters.core.server.commands import BATCH_SIZE, Argument, Command, Reply, Steps, batched
from redisvl_adapters.core.server.plain_redis import PAGE_SIZE
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ArgumentError, RecordError, ServerError

Value: TypeAlias = dict[str, Any]

MAX_TTL = 5 * 10**10
"""Seconds. The server holds the point in time when a field of a hash expires in 46 bits of milliseconds."""

MAX_PAGE_BYTES = 16 * 2**20
"""How many bytes of values one command writes, but for a value that is longer by itself."""

# ARGV[1] is the time to live in milliseconds or 0. HPEXPIRE comes first too: a server without it has nothing written.
_EXPIRES = (
    "local ttl=ARGV[1] local function expire() if ttl=='0' then return end local fields={} "
    "for i=2,#ARGV,2 do fields[#fields+1]=ARGV[i] end "
    "redis.call('HPEXPIRE',KEYS[1],ttl,'FIELDS',#fields,unpack(fields)) end "
)
_PUT = f"{_EXPIRES} expire() redis.call('HSET',KEYS[1],unpack(ARGV,2)) expire()"
# A value that is there already and equal was written by this call, if it is sent again.
_PUT_NEW = (
    f"{_EXPIRES} local found={{}} for i=2,#ARGV,2 do local held=redis.call('HGET',KEYS[1],ARGV[i]) "
    "if held and held~=ARGV[i+1] then found[#found+1]=ARGV[i] end end "
    "if #found>0 then return found end "
    "expire() redis.call('HSET',KEYS[1],unpack(ARGV,2)) expire() return found"
)
# Of each key the digest of the value that it must have, or nothing for none, and the value that it gets. The reply has
# for each 1, or the value that it has instead, or nothing for none.
_EXCHANGE = (
    "local ttl,said=ARGV[1],{} for i=2,#ARGV,3 do local key,new=ARGV[i],ARGV[i+2] "
    "local held=redis.call('HGET',KEYS[1],key) "
    "if (held and redis.sha1hex(held) or '')~=ARGV[i+1] then said[#said+1]=held "
    "else if new=='' then redis.call('HDEL',KEYS[1],key) else "
    "if ttl~='0' then redis.call('HPEXPIRE',KEYS[1],ttl,'FIELDS',1,key) end redis.call('HSET',KEYS[1],key,new) "
    "if ttl~='0' then redis.call('HPEXPIRE',KEYS[1],ttl,'FIELDS',1,key) end end said[#said+1]=1 end end return said"
)


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of values.

    Attributes:
        name: Its name, for errors.
        key: The key of its Redis hash.
        ttl_ms: The milliseconds after which a value expires, counted from its last write; None keeps it.
    """

    name: str
    key: str
    ttl_ms: int | None = None

    def script(self, text: str, args: Sequence[Argument]) -> Command:
        """Return the command that runs one of the scripts that write."""
        return Command(("EVAL", text, 1, self.key, self.ttl_ms or 0, *args), self.key)


def collection_key(prefix: str, name: str) -> str:
    """Return the key of a collection: no two prefixes and names have the same one, unless the prefix is empty."""
    return prefix + name.replace("%", "%25").replace(":", "%3A") if prefix else name


def get(collection: Collection, keys: Sequence[str]) -> Steps[list[Value | None]]:
    """Return the values of keys, None where there is none."""
    return [_decode(text, collection, key) for key, text in (yield from _texts(collection, keys))]


def get_all(collection: Collection) -> Steps[dict[str, Value]]:
    """Return all values by key, page by page. What is written meanwhile may be among them or not."""
    found: dict[str, Value] = {}
    cursor: Argument = 0
    while True:
        command = Command(("HSCAN", collection.key, cursor, "COUNT", PAGE_SIZE), collection.key)
        (reply,) = yield [command]
        cursor, page = ok(reply)
        for place in range(0, len(page), 2):
            key = page[place].decode()
            found[key] = cast("Value", _decode(page[place + 1], collection, key))
        if int(cursor) == 0:
            return found


def put(
    collection: Collection,
    pairs: Sequence[tuple[str, Mapping[str, Any]]],
    batch_size: int = BATCH_SIZE,
    *,
    new: bool = False,
) -> Steps[None]:
    """Write values, replacing those that their keys have.

    Args:
        collection: The collection.
        pairs: Keys and values.
        batch_size: How many are written by one command at most.
        new: Whether a key that has another value is refused instead, and with it the rest of its batch.

    Raises:
        RecordError: If a value is not what JSON can hold; nothing is written then.
        ArgumentError: If ``new`` and a key has a value; nothing is written if it was there at the start.
    """
    texts = [(key, _encode(value, collection, key)) for key, value in _checked(pairs)]
    batch_size = check_count(batch_size, "batch_size", 1)
    if new:
        keys = [key for key, _ in texts]
        exist = yield from _each(collection, [("HEXISTS", collection.key, key) for key in keys])
        _refuse_existing(collection, [key for key, exists in zip(keys, exist, strict=True) if exists])
    for page in _pages(texts, min(batch_size, BATCH_SIZE)):
        if new or collection.ttl_ms:
            (reply,) = yield [collection.script(_PUT_NEW if new else _PUT, page)]
        else:
            (reply,) = yield [Command(("HSET", collection.key, *page), collection.key)]
        found = _ok(reply)
        if new:
            _refuse_existing(collection, [key.decode() for key in found])


def delete(collection: Collection, keys: Sequence[str]) -> Steps[list[bool]]:
    """Delete keys, and tell of each whether it had a value."""
    check_strings(keys, "keys")
    replies = yield from _each(collection, [("HDEL", collection.key, key) for key in keys])
    return list(map(bool, replies))


def clear(collections: Sequence[Collection]) -> Steps[None]:
    """Delete all that is in collections."""
    for reply in (yield [Command(("UNLINK", each.key), each.key) for each in collections]):
        ok(reply)


def change(
    collection: Collection, keys: Sequence[str], changed: Callable[[str, Value | None], Value | None]
) -> Steps[dict[str, Value | None]]:
    """Change values by what they are: whoever else changes them meanwhile, no change is lost.

    Args:
        collection: The collection.
        keys: The keys.
        changed: Makes of a key and its value, None for none, the value that it gets, None for none. It is asked again
            with the value that another writer has given to the key meanwhile.

    Returns:
        The values that the keys have got.
    """
    values: dict[str, Value | None] = {}
    held = dict((yield from _texts(collection, list(dict.fromkeys(keys)))))
    while held:
        parts: dict[str, tuple[bytes | None, bytes]] = {}
        for key, text in held.items():
            before = _decode(text, collection, key)
            after = values[key] = changed(key, _decode(text, collection, key))
            # What stays as it is lives on, if it lives for some time only.
            if after != before or (after is not None and collection.ttl_ms):
                parts[key] = text, b"" if after is None else _encode_changed(after, before, collection, key)
        held = {}
        for names in batched(list(parts), BATCH_SIZE):
            args: list[Argument] = []
            for key in names:
                text, new = parts[key]
                args += [key, _digest(text), new]
            (reply,) = yield [collection.script(_EXCHANGE, args)]
            held |= {key: said for key, said in zip(names, _ok(reply), strict=True) if said != 1}
    return values


def _digest(text: bytes | None) -> str:
    return "" if text is None else sha1(text).hexdigest()  # noqa: S324  # as the script does


def _texts(collection: Collection, keys: Sequence[str]) -> Steps[list[tuple[str, bytes | None]]]:
    check_strings(keys, "keys")
    found: list[tuple[str, bytes | None]] = []
    for page in batched(keys, BATCH_SIZE):
        (reply,) = yield [Command(("HMGET", collection.key, *page), collection.key)]
        found += zip(page, ok(reply), strict=True)
    return found


def _each(collection: Collection, commands: Sequence[tuple[Argument, ...]]) -> Steps[list[Reply]]:
    replies: list[Reply] = []
    for page in batched(commands, BATCH_SIZE):
        replies += map(ok, (yield [Command(args, collection.key) for args in page]))
    return replies


def _checked(pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    if isinstance(pairs, str) or not isinstance(pairs, Sequence):
        raise ArgumentError(f"kv_pairs is a list of pairs; not {pairs!r:.80}")
    for place, pair in enumerate(pairs):
        if not isinstance(pair, Sequence) or len(pair) != 2 or not isinstance(pair[1], Mapping):
            raise ArgumentError(f"kv_pairs[{place}] is a key and a dict; not {pair!r:.80}")
    check_strings([key for key, _ in pairs], "keys")
    return pairs


def _pages(texts: Sequence[tuple[str, bytes]], size: int) -> Iterator[list[Argument]]:
    """Yield keys and values in turn, of so many values at most, and of so many bytes unless one alone has more."""
    page: list[Argument] = []
    length = 0
    for key, text in texts:
        if page and (len(page) >= 2 * size or length + len(text) > MAX_PAGE_BYTES):
            yield page
            page, length = [], 0
        page += [key, text]
        length += len(text)
    if page:
        yield page


def _encode(value: Mapping[str, Any], collection: Collection, key: str) -> bytes:
    try:
        text = orjson.dumps(value)
        if from_json(text) == value:
            return text
    except (TypeError, ValueError):
        pass
    # There is something in it that JSON writes in another form, or cannot hold: this tells what.
    where = f"the value of {key!r:.80} in {collection.name!r:.80}"
    return orjson.dumps(check_metadata(value, where).plain)


def _encode_changed(value: Value, before: Value | None, collection: Collection, key: str) -> bytes:
    """Encode a value that was another one before, in which numbers may be that LlamaIndex's own stores take: NaN."""
    try:
        return _encode(value, collection, key)
    except RecordError as error:
        if before is None:
            raise
        try:
            return json.dumps(value).encode()
        except (TypeError, ValueError):
            raise error from None


def _decode(text: bytes | None, collection: Collection, key: str) -> Value | None:
    if text is None:
        return None
    try:
        value = from_json(text)
    except ValueError:
        try:
            # LlamaIndex's own stores write lone surrogates, which no other parser takes.
            value = json.loads(text)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise RecordError(f"the value of {key!r:.80} in {collection.name!r:.80} is not a JSON object: {text!r:.80}")
    return value


def _refuse_existing(collection: Collection, keys: Sequence[str]) -> None:
    if keys:
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        raise ArgumentError(f"{keys[0]!r:.80}{more} exists in {collection.name!r:.80}; allow_update=True overwrites")


def _ok(reply: Reply) -> Reply:
    """Return the reply of a script, unless the server refused it or has no HPEXPIRE."""
    try:
        return ok(reply)
    except ServerError as error:
        if "unknown redis command" in str(error).lower():
            raise ServerError(
                "ttl of values in collections needs a server with HPEXPIRE, Redis 7.4 or Valkey 9.0 or newer; use one, "
                "or leave ttl out"
            ) from error
        raise
