"""RedisVL expressions in filters: each is checked, and joined with others so that it keeps its meaning."""

from __future__ import annotations

import pytest
from redisvl.query.filter import FilterExpression, Geo, GeoRadius, Num, Tag, Text

from redisvl_adapters.core.filters.algebra import (
    Not,
    Raw,
)
from redisvl_adapters.errors import FilterError
from tests.core.filters.render_support import is_, text

KIND = is_("kind", "eq", "a")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Tag("kind") == "a", "(@kind:{a})"),
        (Num("n") > 1, "(@n:[(1 +inf])"),
        (Geo("place") == GeoRadius(1, 2, 3, "km"), "(@place:[1 2 3 km])"),
        (Text("body") % "some words", "(@body:(some words))"),
        ((Tag("kind") == "a") & (Num("n") > 1), "((@kind:{a}) (@n:[(1 +inf]))"),
        (Tag("kind") != "a", "(-@kind:{a})"),
        (Num("n") != 1, "(-@n:[1 1])"),
        (Text("body") != "a (b", '(-(@body:"a (b" @body:"a (b"))'),
        ((Tag("kind") == "a") | (Num("n") > 1), "((@kind:{a}) | (@n:[(1 +inf]))"),
        (FilterExpression("@kind:{a} | @n:[1 2]") & (Num("n") > 1), "((@kind:{a} | @n:[1 2]) (@n:[(1 +inf]))"),
        (FilterExpression("@kind|body:x"), "(@kind|body:x)"),
        (FilterExpression(r"@a\.b\-c:{x}"), r"(@a\.b\-c:{x})"),
        (FilterExpression("-@kind:{a}"), "(-@kind:{a})"),
        (FilterExpression(r"@body:(mail\@example)"), r"(@body:(mail\@example))"),
        (FilterExpression("@_keys:{x} @_doc_id:{y}"), "(@_keys:{x} @_doc_id:{y})"),
    ],
)
def test_every_leaf_of_a_redisvl_expression_is_in_parentheses(expression: FilterExpression, expected: str) -> None:
    assert text(Raw(expression)) == expected


@pytest.mark.parametrize("query", ["@kind:{a*}", "@kind:{*}", "fo*", "*ox", "w'*x'", '"a * b"', r"\*"])
def test_a_star_in_a_word_is_no_everything(query: str) -> None:
    assert text(Raw(FilterExpression(query))) == f"({query})"


@pytest.mark.parametrize(
    "expression",
    [
        Tag("kind") == "",
        Tag("kind") == [],
        Tag("kind") == None,  # noqa: E711
        Num("n") == None,  # noqa: E711
        FilterExpression("*"),
        FilterExpression(" "),
        FilterExpression("(*)"),
        FilterExpression("(( * ))"),
        FilterExpression("@kind:{a} | *"),
        FilterExpression("(*|@kind:{a})"),
        FilterExpression("*") & (Tag("kind") == "a"),
        (Tag("kind") == "a") | FilterExpression("*"),
        (Tag("kind") == "a") & ((Tag("kind") == "b") & (Tag("kind") == "")),
    ],
    ids=str,
)
def test_a_redisvl_expression_that_renders_to_everything_is_refused(expression: FilterExpression) -> None:
    """langchain-redis 18: `Tag == ""`, `[]` and `None` matched everything, other tenants included."""
    with pytest.raises(FilterError, match=r"everything"):
        text(Raw(expression))


@pytest.mark.parametrize(
    "raw",
    [
        "@new:{a}",
        "-@new:{a}",
        "@kind:{a} | @new:[1 2]",
        "@kind|new:a",
        "(@new:{a})",
        r"@a\.new:{x}",
        "~@new:x",
        "-(@new:{x})",
    ],
)
def test_a_redisvl_expression_on_an_unknown_field_is_refused(raw: str) -> None:
    with pytest.raises(FilterError, match=r"names the field '(a.)?new'.*it has: "):
        text(Raw(FilterExpression(raw)))


@pytest.mark.parametrize(
    "raw",
    [
        "@kind:{a} -@n:[1 2]",
        "(-@kind:{a}) (@n:[1 2])",
        "@kind:{a} | (-@n:[1 2])",
        "-(@kind:{a})",
        "@body:(some -words)",
        "-@body:(some -words)",
        "~@kind:{a}",
    ],
)
def test_a_raw_query_with_a_negation_inside_is_refused(raw: str) -> None:
    """The server misjudges some of them, so they are joined here, from parts."""
    with pytest.raises(FilterError, match="join its parts"):
        text(Raw(FilterExpression(raw)))
    with pytest.raises(FilterError, match="join its parts"):
        text(Not((Raw(FilterExpression(raw)),)))


@pytest.mark.parametrize(
    "raw",
    [
        "@kind:{a}) | (@kind:{b}",
        "(@kind:{a}",
        "@kind:{a})",
        "@kind:{a",
        "@kind:a}",
        "@n:[1 2",
        '@body:("some words)',
        "@body:(some's)",
        "@body:w'a) | (@kind:{b}'}",
        "@kind:{w'}'}",
        "@kind:{'}'}",
        '@kind:{"}"}',
        '@kind:{a|"} (( @kind:{"|b} )) | ((@kind:c @kind:{d|"} )) @kind:{"|e}',
        "@kind:{a|w'} (( @kind:{'|b} )) | ((@kind:c @kind:{d|w'} )) @kind:{'|e}",
        '@n:[1 "] (( @n:["2] )) | (( @n:[1 "] )) @n:["2]',
        "@body:w'a\\'",
        "@body:(some \\",
        "@body:(some words\\)",
    ],
)
def test_a_raw_query_that_reaches_into_others_is_refused(raw: str) -> None:
    for filter in (Raw(FilterExpression(raw)), Not((Raw(FilterExpression(raw)),))):
        with pytest.raises(FilterError, match="without its other half"):
            text(filter)


@pytest.mark.parametrize(
    "raw", ["@body:w'a)('", '@body:("some ) words")', r"@kind:{a\)}", r"@body:(some \( words)", "@n:[(1 2]"]
)
def test_a_parenthesis_within_a_value_is_none_of_the_query(raw: str) -> None:
    assert text(Raw(FilterExpression(raw))) == f"({raw})"


@pytest.mark.parametrize(
    "raw", [r"@kind:{a\-b}", "@kind:{a-b}", "@n:[-5 -1]", '@body:("some -words")', r"@a\.b\-c:{x}"]
)
def test_a_hyphen_in_a_value_or_a_name_is_no_negation(raw: str) -> None:
    assert text(Raw(FilterExpression(raw))) == f"({raw})"


def test_ours_and_redisvl_filters_combine() -> None:
    assert text(KIND & (Num("n") > 1)) == "(@kind:{a} (@n:[(1 +inf]))"
    assert text(Not((Raw(Num("n") > 1),))) == "(-(@n:[(1 +inf]))"
    with pytest.raises(FilterError, match="everything"):
        text(KIND & (Tag("kind") == ""))
