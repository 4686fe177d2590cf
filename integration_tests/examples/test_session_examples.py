"""The examples of histories, chat stores, storage and incremental indexing, run as a user runs them."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from llama_index.core.memory import Memory

from integration_tests.examples.test_examples import ROOT, run


def test_the_chat_history_example_runs(tmp_path: Path) -> None:
    printed = run(ROOT / "examples/chat_history.py", folder=tmp_path).splitlines()
    assert printed[:5] == [
        "monday:",
        "  human: How do I drop duplicates from a list of names?",
        "  ai: Use a set: it holds each item once.",
        "  human: And if I need keys?",
        "  ai: A dict keeps the order of its keys.",
    ]
    assert printed[-4:] == [
        "recalled in all of ann's:",
        "  human: How do I drop duplicates from a list of names?",
        "monday, cleared:",
        "tuesday still has 2 messages",
    ]


@pytest.mark.skipif(
    "chat_store" not in inspect.signature(Memory.from_defaults).parameters,
    reason="Memory of this LlamaIndex takes SQL stores only",
)
def test_the_chat_store_example_runs(tmp_path: Path) -> None:
    assert run(ROOT / "examples/chat_store.py", folder=tmp_path).splitlines() == [
        "user: What is a set?",
        "assistant: A set holds each item once.",
        "user: Is there one that cannot change?",
        "assistant: Yes: frozenset.",
        "sessions: ['ann/1']",
        "left: 3",
        "memory: 2 of 8 messages in use, the others archived",
    ]


def test_the_storage_example_runs(tmp_path: Path) -> None:
    said = run(ROOT / "examples/llama_index_storage.py", folder=tmp_path).splitlines()
    # Older versions of LlamaIndex say more while they merge.
    assert said[:16] + said[-1:] == [
        "monday",
        "  embedding 1",
        "  embedding 1",
        "  refreshed 2 of 2, 2 nodes",
        "  embedding 2",
        "  2 nodes are new, 2 are there",
        "monday again",
        "  refreshed 0 of 2, 2 nodes",
        "  0 nodes are new, 2 are there",
        "tuesday",
        "  embedding 1",
        "  embedding 1",
        "  refreshed 2 of 3, 3 nodes",
        "  embedding 2",
        "  2 nodes are new, 3 are there",
        "merging",
        "  12 leaves become 2 nodes",
    ]


def test_the_incremental_indexing_example_runs(tmp_path: Path) -> None:
    pytest.importorskip("langchain_classic")
    assert run(ROOT / "examples/incremental_indexing.py", folder=tmp_path).splitlines() == [
        "monday: 3 added, 0 skipped, 0 deleted, 3 embedded; 3 in the index",
        "tuesday: 1 added, 2 skipped, 1 deleted, 1 embedded; 3 in the index",
        "wednesday: 1 added, 1 skipped, 2 deleted, 0 embedded; 2 in the index",
        "embeddings kept: 4",
    ]
