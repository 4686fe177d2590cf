"""Models made without validation are those that their own constructor makes."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from langchain_core.documents import Document
from pydantic import BaseModel, PrivateAttr

from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.serialization.pydantic_models import fast_model_maker
from redisvl_adapters.langchain.documents import to_document


@pytest.mark.parametrize("metadata", [{}, {"id": "x", "page_content": 1, "nested": {"a": [1, None]}}])
def test_a_document_is_the_one_that_its_constructor_makes(metadata: dict[str, Any]) -> None:
    made = to_document(Record("a", "text", metadata))
    true = Document(id="a", page_content="text", metadata=metadata)
    assert made == true
    assert repr(made) == repr(true)
    assert list(made.__dict__) == list(true.__dict__)
    assert made.model_fields_set == true.model_fields_set
    assert made.model_dump() == true.model_dump()
    assert pickle.loads(pickle.dumps(made)) == true  # noqa: S301  # its own
    assert made.model_copy(deep=True) == true
    made.metadata["new"] = 1
    made.page_content = "other"
    assert (made.metadata["new"], made.page_content) == (1, "other")


def test_documents_share_nothing() -> None:
    one, other = (to_document(Record("a", "text", {})) for _ in range(2))
    one.metadata["new"] = 1
    assert other.metadata == {}
    assert one.model_fields_set is not other.model_fields_set


def test_a_model_with_private_attributes_is_refused() -> None:
    class Secretive(BaseModel):
        name: str
        _secret: int = PrivateAttr(default=3)

    with pytest.raises(TypeError, match="Secretive has private attributes"):
        fast_model_maker(Secretive)
