"""The memory of an index is that of all its parts, whether the server counts the vectors or not."""

from __future__ import annotations

import pytest

from redisvl_adapters.core.search.index_info import index_memory

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize("total", [b"3", b"13"], ids=["without vectors", "with vectors"])
def test_the_total_has_the_vectors(total: bytes) -> None:
    told = {b"inverted_sz_mb": b"2", b"doc_table_size_mb": b"1", b"vector_index_sz_mb": b"10"}
    memory = index_memory({**told, b"total_index_memory_sz_mb": total, b"tag_overhead_sz_mb": b"nan"})
    parts = {"inverted": 2, "documents": 1, "vectors": 10, "total": 13}
    assert memory == {part: size * MEGABYTE for part, size in parts.items()}


def test_what_the_server_does_not_tell_is_left_out() -> None:
    assert index_memory({b"inverted_sz_mb": b"2"}) == {"inverted": 2 * MEGABYTE}
    assert index_memory({}) == {}
