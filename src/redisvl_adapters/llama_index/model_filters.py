"""What LlamaIndex's auto-retriever takes in the filters that models write for it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from redisvl_adapters.core.filters.algebra import Operator
from redisvl_adapters.core.filters.descriptions import TIME_FORM, Spelling, Value
from redisvl_adapters.core.schema.fields import FieldType, Kind
from redisvl_adapters.llama_index.filters import COMPARISONS


def _write(value: Value) -> str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


# A MetadataFilter holds no booleans: one of them, and LlamaIndex answers without any filter.
_FORMS: Mapping[FieldType, str] = {
    FieldType.TAG: "text",
    FieldType.NUMERIC: "a number",
    FieldType.NUMBERS: "a list of numbers",
    FieldType.BOOL: 'true or false, written as text: "true" or "false"',
    FieldType.TIMESTAMP: TIME_FORM,
    FieldType.TEXT: "text, compared by its words",
    FieldType.GEO: "a point on the globe",
}
_A_LIST = dict.fromkeys([Operator.IN, Operator.NIN, Operator.ANY, Operator.ALL], "a list of one type")
METADATA_FILTERS = Spelling(
    operators={ours: theirs.value for theirs, ours in COMPARISONS.items()},
    notes={
        **_A_LIST,
        Operator.CONTAINS: "one whole element",
        Operator.TEXT_MATCH: "a part of the text",
        Operator.TEXT_MATCH_INSENSITIVE: "a part of the text, whatever its case",
        Operator.IS_EMPTY: "with the value null",
    },
    types={
        FieldType.TAG: "string",
        FieldType.NUMERIC: "float",
        FieldType.NUMBERS: "list[float]",
        FieldType.BOOL: "string",
        FieldType.TIMESTAMP: "datetime",
        FieldType.TEXT: "string",
        FieldType.GEO: "string",
    },
    forms=_FORMS,
    forms_of_kinds={Kind.TEXT: "text, in quotes", Kind.NUMBER: "a number, without quotes"},
    write=_write,
)
"""What the output parser of ``VectorIndexAutoRetriever`` takes; what it refuses leaves a query without any filter."""
