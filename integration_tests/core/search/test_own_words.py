"""A text is always found by any of its own words, whatever they are: asked of the server, over random Unicode."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from redisvl_adapters.core import Record, RedisIndex, operations
from redisvl_adapters.core.text.analysis import analyser

# What the query parser might take for something else, beside what Hypothesis thinks of.
AWKWARD = "inf -inf nan 1e5 1e400 0x1f 00 1.5 -3 or and not as weight null _a a__b $v %x% w'x' ~x @x =>{} x|y \\ \" ' `"
MIXED = "İ ﷺ ½ ① ｱﾞ 猫 ば 한 กำ कि ـ \ue000 ᏸ Ა ẞ ŉ x\u0338 C++ .NET C# 👩\u200d👧 1\ufe0f\u20e3"

words = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    st.sampled_from([*AWKWARD.split(), *MIXED.split()]),
)
texts = st.lists(st.lists(words, max_size=6).map(" ".join), min_size=1, max_size=8)


@pytest.mark.parametrize("language", ["english", "french", "turkish", "arabic", "multilingual", None])
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(contents=texts)
def test_a_text_is_found_by_any_of_its_own_words(
    redis_url: str, index_name: str, storage: Any, language: str | None, contents: list[str]
) -> None:
    made = analyser(language or "none")
    index = RedisIndex(redis_url=redis_url, index_name=index_name, storage=storage, language=language, algorithm="flat")
    try:
        index.run(operations.create(index.state, 2))
        index.run(operations.clear(index.state))
        records = [Record(str(place), text, {"n": place}) for place, text in enumerate(contents)]
        index.run(operations.upsert(index.state, records, [[1.0, 2.0]] * len(records)))
        for record in records:
            for part in {record.text, *record.text.split()}:
                found = [
                    {hit.record.id for hit in index.run(operations.search_text(index.state, part, 99, match=match))}
                    for match in ("any", "all")
                ]
                assert all((record.id in ids) == bool(made.words(part)) for ids in found), part
    finally:
        index.close()
