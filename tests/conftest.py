"""What all tests without a server share: what is known of an index does not get old while a test runs."""

from __future__ import annotations

import math

import pytest

from redisvl_adapters.core.index import snapshot


@pytest.fixture(autouse=True)
def no_ageing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test depend on how long it takes."""
    monkeypatch.setattr(snapshot, "MAX_AGE", math.inf)
