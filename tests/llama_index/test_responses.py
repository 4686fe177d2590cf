"""What a cache keeps of responses."""

from __future__ import annotations

import pytest
from llama_index.core.base.response.schema import PydanticResponse
from pydantic import BaseModel, Field

from redisvl_adapters.errors import RecordError
from redisvl_adapters.llama_index.responses import decode_cached, encode_cached, to_cached


class Whole(BaseModel):
    """Comes back as it is."""

    year: int


class Renamed(BaseModel):
    """Is read by another name than it is written by."""

    year: int = Field(alias="Year")


class Partial(BaseModel):
    """Is not written down as a whole."""

    year: int = Field(default=0, exclude=True)


def test_a_structured_response_comes_back() -> None:
    kept = to_cached(PydanticResponse(Whole(year=1990)), Whole)
    assert decode_cached(encode_cached(kept), Whole) == kept


@pytest.mark.parametrize("output", [Renamed(Year=1990), Partial(year=1990)])
def test_a_structured_response_that_would_not_come_back_is_not_kept(output: BaseModel) -> None:
    with pytest.raises(RecordError):
        to_cached(PydanticResponse(output), type(output))
