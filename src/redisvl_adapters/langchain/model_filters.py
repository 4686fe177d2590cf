"""What LangChain's query constructor takes in the filters that models write for a self-query retriever."""

from __future__ import annotations

import re
from collections.abc import Mapping

from redisvl_adapters.core.filters.algebra import Operator
from redisvl_adapters.core.filters.descriptions import TIME_FORM, Spelling, Value
from redisvl_adapters.core.schema.fields import FieldType, Kind
from redisvl_adapters.langchain.structured_query import COMPARISONS

# Its grammar takes a text that begins like a date for a date, and any quotes at either end for those of the text.
_UNREADABLE = re.compile(r"""["\\\n]|^'|'$|^\d{4}-[01]\d-[0-3]\d""")


def _write(value: Value) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return None if _UNREADABLE.search(value) else f'"{value}"'
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)


_FORMS: Mapping[FieldType, str] = {
    FieldType.TAG: "text",
    FieldType.NUMERIC: "a number",
    FieldType.NUMBERS: "a list of numbers",
    FieldType.BOOL: "true or false, without quotes",
    FieldType.TIMESTAMP: TIME_FORM,
    FieldType.TEXT: "text, compared by its words",
    FieldType.GEO: "a point on the globe",
}
STRUCTURED_QUERIES = Spelling(
    operators={operator: comparator.value for comparator, operator in COMPARISONS.items()},
    notes={
        Operator.IN: "a list",
        Operator.NIN: "a list",
        Operator.CONTAINS: "one whole element",
        Operator.LIKE: "% is any run of characters, _ is one",
    },
    types={
        FieldType.TAG: "string",
        FieldType.NUMERIC: "float",
        FieldType.NUMBERS: "list[float]",
        FieldType.BOOL: "boolean",
        FieldType.TIMESTAMP: "datetime",
        FieldType.TEXT: "string",
        FieldType.GEO: "string",
    },
    forms=_FORMS,
    forms_of_kinds={
        Kind.TEXT: "text, in quotes",
        Kind.NUMBER: "a number, without quotes",
        Kind.BOOL: "true or false, without quotes",
    },
    write=_write,
)
"""What the grammar of structured queries has; a field whose name it cannot read is not described."""
