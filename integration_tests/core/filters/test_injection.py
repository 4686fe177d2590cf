"""No value and no field name becomes syntax: hostile ones find exactly what they are equal to, or are refused."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fnmatch import translate
from typing import Any

import pytest

from integration_tests.core.filters.hostile_strings import HOSTILE
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, ids_of, store_on
from integration_tests.llama_index.llama_index_support import text_node
from redisvl_adapters import FilterError, UnknownFieldError, UnknownFieldWarning
from redisvl_adapters.core import And, Compare, FieldType, Filter, Operator, Or
from redisvl_adapters.core.filters.operators import operators_of
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore
from tests.core.filters.evaluator import coerced

clients = langchain_support.clients  # a fixture

MINE = Compare("tenant", Operator.EQ, "mine")
LISTS = (Operator.IN, Operator.NIN, Operator.ANY, Operator.ALL)
EQUAL = (Operator.EQ, Operator.IN, Operator.ANY, Operator.ALL, Operator.CONTAINS)


def test_the_corpus_is_large() -> None:
    assert len(HOSTILE) >= 300


def asked(key: str, operator: Operator, value: Any) -> Compare:
    """Return a comparison with one value, which is in a list where the operator takes one."""
    return Compare(key, operator, [value] if operator in LISTS else value)


def all_asked(key: str, operators: tuple[Operator, ...], value: Any) -> tuple[Filter, ...]:
    """Return a comparison with one value for each operator."""
    return tuple(asked(key, operator, value) for operator in operators)


def fill(store: RedisVectorStore, metadatas: list[dict[str, Any]]) -> None:
    """Write the same records for two tenants."""
    for tenant in ("mine", "theirs"):
        ids = [f"{tenant} {place}" for place in range(len(metadatas))]
        store.add_texts(["text"] * len(ids), [{**metadata, "tenant": tenant} for metadata in metadatas], ids=ids)


def found(store: RedisVectorStore, filter: Filter) -> set[int]:
    """Return the places of my records that match, none of which is another tenant's."""
    ids = [str(record_id) for record_id in ids_of(store.get(And((MINE, filter))))]
    assert all(record_id.startswith("mine ") for record_id in ids), f"{filter!r:.300} shows another tenant's records"
    return {int(record_id.removeprefix("mine ")) for record_id in ids}


def count(store: RedisVectorStore, filter: Filter) -> int:
    """Count my records that match."""
    return store.count(And((MINE, filter)))


def test_a_hostile_tag_is_found_by_itself_and_no_other(clients: Clients, index_name: str, storage: str) -> None:
    """llama-index 6: ``tenant EQ "A|B"`` matched both tenants."""
    store = store_on(clients, index_name, storage=storage, metadata_schema={"tag": "tag"})
    fill(store, [{"tag": text} for text in HOSTILE])
    for place, text in enumerate(HOSTILE):
        equal = all_asked("tag", EQUAL, text)
        other = all_asked("tag", (Operator.NE, Operator.NIN), text)
        for filter in (And(equal), Or(equal)):
            assert found(store, filter) == {place}, f"{filter!r:.300}"
            assert count(store, filter) == 1, f"{filter!r:.300}"
        for filter in (And(other), Or(other)):
            assert count(store, filter) == len(HOSTILE) - 1, f"{filter!r:.300}"
    assert found(store, Compare("tag", Operator.IN, HOSTILE)) == {*range(len(HOSTILE))}
    assert count(store, Compare("tag", Operator.NIN, HOSTILE)) == 0


def test_a_hostile_pattern_is_a_pattern_and_no_more(clients: Clients, index_name: str, storage: str) -> None:
    """llama-index 6: TEXT_MATCH was raw query syntax and escaped its clause."""
    store = store_on(clients, index_name, storage=storage, metadata_schema={"tag": "tag"})
    fill(store, [{"tag": text} for text in HOSTILE])
    for text in HOSTILE:
        exact = Or(all_asked("tag", (Operator.TEXT_MATCH, Operator.LIKE), text))
        folded = Or(all_asked("tag", (Operator.TEXT_MATCH_INSENSITIVE, Operator.ILIKE), text))
        expected = meeting(text, HOSTILE) & meeting(text.casefold(), list(map(str.casefold, HOSTILE)))
        assert found(store, And((exact, folded))) == expected, repr(text)[:100]


def meeting(pattern: str, texts: list[str]) -> set[int]:
    """Return the places of the texts that have a string inside, or match it by another library's idea of patterns."""
    translated = re.sub(r"[*?[]", r"[\g<0>]", pattern).replace("%", "*").replace("_", "?")
    match = re.compile(translate(translated)).match
    return {place for place, text in enumerate(texts) if pattern in text or match(text)}


def test_a_hostile_text_is_found_by_its_words_or_has_none(clients: Clients, index_name: str, storage: str) -> None:
    store = store_on(clients, index_name, storage=storage, metadata_schema={"body": "text"})
    fill(store, [{"body": text} for text in HOSTILE])
    for place, text in enumerate(HOSTILE):
        for operators in ((Operator.EQ, Operator.IN), (Operator.TEXT_MATCH, Operator.TEXT_MATCH_INSENSITIVE)):
            try:
                matched = found(store, And(all_asked("body", operators, text)))
            except FilterError as error:
                if "twice in a row" in str(error):
                    assert operators[0] is Operator.EQ
                    continue
                words = any(map(str.isalnum, text))
                assert (words, "no word" in str(error)) == (False, True), f"{text!r:.100}: {error}"  # noqa: PT017
            else:
                assert place in matched, f"{operators} {text!r:.100}"
                assert len(matched) < len(HOSTILE) / 2, f"{operators} {text!r:.100}"


VALUES: dict[str, Any] = {
    "n": 1,
    "ns": [1, 2],
    "flag": True,
    "day": "2024-01-01T00:00:00Z",
    "point": "0,0",
}
KINDS = {
    "numeric": frozenset({"number"}),
    "numbers": frozenset({"number"}),
    "bool": frozenset({"bool"}),
    "timestamp": frozenset({"moment"}),
    "geo": frozenset[str](),
}
TYPES = {"n": "numeric", "ns": "numbers", "flag": "bool", "day": "timestamp", "point": "geo"}
NUMBERS: list[Any] = [
    *(math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, -0.0, 2**53, 2**53 + 1, -(2**53) - 1, 2**63, 10**400),
    *(
        1j,
        b"1",
        b"*",
        Decimal(1),
        Decimal("NaN"),
        None,
        [],
        [[]],
        [None],
        {},
        {"$gt": 0},
        object,
        set(),
        [1, "2"],
        [True, 1],
    ),
    *({"lon": "0 0 9 km] | *", "lat": 0, "radius": 1}, {"lon": 0, "lat": 0, "radius": 1, "unit": "km] | *"}),
    *(
        {"lon": 0, "lat": 0, "radius": 1e300},
        {"lon": 0, "lat": 0, "radius": 5e-324},
        {"lon": 0, "lat": 90, "radius": 1},
    ),
    *(
        {"lon": 0, "lat": 0, "radius": "1 km] | *"},
        {"lon": 0, "lat": 0, "radius": True},
        {"lon": 0, "lat": 0, "radius": 1, "x": 1},
    ),
]


def test_a_hostile_operand_of_a_number_is_refused_or_answered(clients: Clients, index_name: str, storage: str) -> None:
    store = store_on(clients, index_name, storage=storage, metadata_schema=TYPES)
    fill(store, [VALUES, {}])
    for place, text in enumerate([*HOSTILE, *NUMBERS]):
        for key, field_type in TYPES.items():
            operators = sorted(operators_of(FieldType(field_type)))
            # Two of them take turns for each text of hundreds, and all for what spells a number.
            turns = operators if text in NUMBERS else [operators[(place + each) % len(operators)] for each in (0, 5)]
            for operator in turns:
                value = [text, text] if operator is Operator.BETWEEN else text
                try:
                    assert found(store, asked(key, operator, value)) <= {0, 1}
                except FilterError as error:
                    assert repr(key) in str(error), f"{key} {operator} {value!r:.100}: {error}"  # noqa: PT017  # it may be
                else:
                    # On numbers and booleans, a text that spells one is one.
                    hostile = isinstance(text, str) and coerced(text, KINDS[field_type]) == text
                    assert not hostile, f"{key} {operator} {value!r:.100} was answered"


def test_a_hostile_key_is_a_key(clients: Clients, index_name: str, storage: str) -> None:
    keys = [text for text in HOSTILE if text != "tenant"]
    store = store_on(clients, index_name, storage=storage, metadata_schema=dict.fromkeys([*keys, "tenant"], "tag"))
    fill(store, [{key: "v"} for key in keys])
    for place, key in enumerate(keys):
        equal = (*all_asked(key, EQUAL, "v"), Compare(key, Operator.EXISTS, value=True))
        other = (Compare(key, Operator.NE, "v"), Compare(key, Operator.IS_EMPTY, value=True))
        assert found(store, And(equal)) == found(store, Or(equal)) == {place}, repr(key)[:100]
        assert count(store, And(other)) == count(store, Or(other)) == len(keys) - 1, repr(key)[:100]
        if not key.startswith("$"):
            assert store.count({"tenant": "mine", key: "v"}) == 1, repr(key)[:100]


def test_a_hostile_key_that_no_record_has_is_unknown(clients: Clients, index_name: str, storage: str) -> None:
    store = store_on(clients, index_name, storage=storage)
    fill(store, [{"n": 1}, {}])
    for key in HOSTILE:
        with pytest.raises(UnknownFieldError):
            pytest.fail(f"NE {key!r:.100} finds {found(store, Compare(key, Operator.NE, value=True))}")
        assert found(store, Compare(key, Operator.EXISTS, value=True)) == set(), repr(key)[:100]
        assert found(store, Compare(key, Operator.IS_EMPTY, value=True)) == {0, 1}, repr(key)[:100]
        with pytest.warns(UnknownFieldWarning):
            assert found(store, Compare(key, Operator.EQ, value=True)) == set(), repr(key)[:100]
        with pytest.raises(UnknownFieldError):
            store.delete(filter=Compare(key, Operator.EXISTS, value=False))
    wrong: list[Any] = ["\ud800", 3, None, b"n", ("n",)]
    for key in wrong:
        with pytest.raises(FilterError, match="key of a comparison"):
            found(store, Compare(key, Operator.EQ, 1))


def test_a_delete_with_hostile_values_deletes_just_what_it_names(
    clients: Clients, index_name: str, storage: str
) -> None:
    """llama-index 2 and 3: ``delete("zz|p")`` deleted ``p``, and an empty value everything."""
    store = store_on(clients, index_name, storage=storage, metadata_schema={"tag": "tag"})
    fill(store, [{"tag": text} for text in HOSTILE])
    for place, text in enumerate(HOSTILE):
        store.delete(filter={"tenant": "mine", "tag": text})
        assert store.count({"tenant": "mine"}) == len(HOSTILE) - place - 1, repr(text)[:100]
    assert store.count({"tenant": "theirs"}) == len(HOSTILE)


def test_hostile_ids_and_sources_are_ids(clients: Clients, index_name: str, storage: Any) -> None:
    """llama-index 3: ``delete("DocA")`` deleted ``doca``; ``delete("a,b")`` deleted nothing."""
    ids = [text for text in HOSTILE if text and "\0" not in text]
    store = LlamaIndexStore(index_name=index_name, storage=storage, **clients)
    store.add([text_node(node_id, source=node_id) for node_id in ids])
    assert [node.node_id for node in store.get_nodes(ids)] == ids
    for place, name in enumerate(ids):
        store.delete(name) if place % 2 else store.delete_nodes([name])
        assert store.count() == len(ids) - place - 1, repr(name)[:100]
