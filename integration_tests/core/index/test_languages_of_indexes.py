"""The language of an index: kept with it, compared at opening, and never mixed with another one in silence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import Indexes, opened_indexes, record
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.index.registry import HEADER, registry_key
from redisvl_adapters.core.schema.languages import LANGUAGES
from redisvl_adapters.errors import ArgumentError, SchemaMismatchError

HOUSES = "Die Häuser"


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


async def add(call: Call, index: RedisIndex, *texts: str, **metadata: Any) -> None:
    records = [record(text, **metadata) for text in texts]
    for each in records:
        each.text = each.id
    await call(index, "run", operations.upsert(index.state, records, [[1.0, 2.0]] * len(records)))


async def found(call: Call, index: RedisIndex, query: str, **options: Any) -> set[str]:
    hits = await call(index, "run", operations.search_text(index.state, query, 10, **options))
    return {hit.record.id for hit in hits}


@pytest.mark.parametrize(
    ("made", "same", "others"),
    [
        ({}, ["english", "en", "en-GB"], ["german", None, "multilingual"]),
        ({"language": "de"}, ["german", "DE", "de_AT"], ["english", None]),
        ({"language": None}, [None], ["english", "multilingual"]),
        ({"language": "multilingual"}, ["multilingual"], ["english", None]),
        ({"language": "ja"}, ["japanese"], ["english", "chinese"]),
    ],
    ids=repr,
)
async def test_an_index_keeps_its_language_and_compares_it(
    make: Indexes, call: Call, made: dict[str, Any], same: list[Any], others: list[Any]
) -> None:
    await add(call, make(**made), HOUSES)
    given: list[dict[str, Any]] = [{}, *({"language": language} for language in same)]
    for options in given:
        index = make(**options)
        assert await found(call, index, "Häuser") == {HOUSES}
        stems = bool(await found(call, index, "Haus"))
        assert stems == (made.get("language") == "de")
    for language in others:
        index = make(language=language)
        with pytest.raises(SchemaMismatchError, match="exists, but is not what was asked for: language is "):
            await call(index, "run", operations.count(index.state))
        with pytest.raises(SchemaMismatchError, match="language is "):
            await add(call, index, "more")


async def test_every_language_can_be_asked_for(redis_url: str, index_name: str, call: Call) -> None:
    index = RedisIndex(redis_url=redis_url, index_name=index_name, language_key="lang", language="multilingual")
    try:
        for language in LANGUAGES:
            await add(call, index, f"{language} 123", lang=language)
            assert await found(call, index, f"{language} 123", match="phrase", language=language) == {f"{language} 123"}
        assert len(await found(call, index, "123")) == 10
    finally:
        await call(index, "close")


async def test_the_key_of_the_languages_is_kept_and_compared(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    await add(call, make(language_key="lang"), HOUSES, lang="de")
    header = orjson.loads(server.hget(registry_key(index_name), HEADER) or b"")
    assert (header["language"], header["language_key"], header["version"]) == ("english", "lang", 2)
    assert await found(call, make(), "Haus", language="de") == {HOUSES}
    assert await found(call, make(language_key="lang"), "Haus", language="de") == {HOUSES}
    other = make(language_key="tongue")
    with pytest.raises(SchemaMismatchError, match="language_key is 'lang', asked for 'tongue'"):
        await call(other, "run", operations.count(other.state))


# Other layouts


def make_older(server: redis.Redis, index_name: str, storage: str, *, registered: bool) -> None:
    """Make an index as the first layout had it, with one record."""
    path = "$.index." if storage == "json" else ""
    fields: list[Any] = []
    for name, options in (("_text", ["TEXT"]), ("_keys", ["TAG"]), ("_doc_id", ["TAG"]), ("_typed", ["TAG"])):
        fields += [f"{path}{name}", *(["AS", name] if path else []), *options]
    at = ["$.embedding", "AS", "embedding"] if path else ["embedding"]
    vector = [*at, "VECTOR", "FLAT", 6, "TYPE", "FLOAT32", "DIM", 2, "DISTANCE_METRIC", "COSINE"]
    head = ["FT.CREATE", index_name, "ON", storage.upper(), "PREFIX", 1, f"{index_name}:", "STOPWORDS", 0, "SCHEMA"]
    server.execute_command(*head, *fields, *vector)
    if registered:
        header = {"version": 1, "made": "1", "prefix": f"{index_name}:", "storage": storage, "tuning": {}}
        server.hset(registry_key(index_name), HEADER, orjson.dumps(header))
    write_older(server, index_name, storage)


def write_older(server: redis.Redis, index_name: str, storage: str) -> None:
    """Write a record as the first layout had it."""
    key = f"{index_name}:old"
    if storage == "json":
        document = {"text": "a fox", "metadata": {}, "index": {"_text": "a fox", "_keys": ["+n"]}, "embedding": [1, 2]}
        server.execute_command("JSON.SET", key, "$", orjson.dumps(document))
    else:
        vector = b"\0\0\x80?\0\0\0@"
        parts: Any = {"text": "a fox", "metadata": "{}", "_text": "a fox", "_keys": "+n", "embedding": vector}
        server.hset(key, mapping=parts)


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "without its registry"])
async def test_an_index_of_the_first_layout_is_refused_with_what_to_do(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call, *, registered: bool
) -> None:
    make_older(server, index_name, storage, registered=registered)
    for operation in (operations.count, operations.clear, operations.drop):
        index = make()
        with pytest.raises(SchemaMismatchError, match=r"layout version 1.*version 2.*rebuild\(\).*overwrite"):
            await call(index, "run", operation(index.state))
    index = make()
    with pytest.raises(SchemaMismatchError, match="layout version 1"):
        await add(call, index, "more")
    assert server.exists(f"{index_name}:old")
    fresh = make(create="overwrite")
    await add(call, fresh, HOUSES)
    assert await call(fresh, "run", operations.count(fresh.state)) == 1


# Records that outlived their index


async def test_records_of_another_language_are_not_taken_in(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    await add(call, make(language="de"), HOUSES)
    for forgotten in (False, True):
        server.execute_command("FT.DROPINDEX", index_name)
        if forgotten:
            server.delete(registry_key(index_name))
        index = make(language="en")
        with pytest.raises(SchemaMismatchError, match=r"1 records, such as .* another language than 'english'"):
            await call(index, "run", operations.create(index.state, 2))
        index = make(language="de")
        await call(index, "run", operations.create(index.state, 2))
        assert await found(call, index, "Haus") == {HOUSES}
    server.execute_command("FT.DROPINDEX", index_name)
    index = make()
    if not server.exists(registry_key(index_name)):
        pytest.fail("the registry outlives an index that somebody else drops")
    await call(index, "run", operations.create(index.state, 2))
    assert index.state.schema is not None
    assert index.state.schema.language == "german"


async def test_records_of_the_first_layout_are_not_taken_in(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    write_older(server, index_name, storage)
    given: list[dict[str, Any]] = [{}, {"language_key": "lang"}]
    for options in given:
        index = make(**options)
        with pytest.raises(SchemaMismatchError, match=r"1 records, such as .*, or by an older version"):
            await call(index, "run", operations.create(index.state, 2))
    assert server.exists(f"{index_name}:old")


# A registry that is lost


async def test_the_language_is_restored_from_the_records(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    await add(call, make(language="de"), HOUSES)
    server.delete(registry_key(index_name))
    index = make()
    assert await found(call, index, "Haus") == {HOUSES}
    with pytest.raises(SchemaMismatchError, match="language is 'german', asked for 'english'"):
        await found(call, make(language="en"), "Haus")
    await add(call, index, "Ein Haus")
    assert await found(call, make(), "Häuser") == {HOUSES, "Ein Haus"}


async def test_of_records_in_several_languages_it_must_be_said(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    first = make(language_key="lang")
    await add(call, first, HOUSES, lang="de")
    await add(call, first, "The houses")
    server.delete(registry_key(index_name))
    given: list[dict[str, Any]] = [{}, {"language": "en"}, {"language_key": "lang"}]
    for options in given:
        index = make(**options)
        with pytest.raises(SchemaMismatchError, match=r"lost its registry, and records in english, german: say"):
            await call(index, "run", operations.count(index.state))
    index = make(language="en", language_key="lang")
    assert await found(call, index, "Haus", language="de") == {HOUSES}
    assert await found(call, index, "house") == {"The houses"}


async def test_a_language_that_no_record_can_have_is_an_error(make: Indexes, call: Call) -> None:
    index = make()
    await add(call, index, HOUSES)
    with pytest.raises(ArgumentError, match="are analysed in 'english': leave it out"):
        await found(call, index, "Haus", language="de")
