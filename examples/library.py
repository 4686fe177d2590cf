"""A few notes on Python, which the examples of agents search."""

from typing import Any

NOTES: dict[str, tuple[str, dict[str, Any]]] = {
    "lists": ("A list keeps its items in order.", {"topic": "types", "year": 1991, "tags": ["order"]}),
    "sets": ("A set holds each item once, in no order.", {"topic": "types", "year": 2004, "tags": ["unique"]}),
    "dicts": (
        "A dict maps keys to values, and keeps their order.",
        {"topic": "types", "year": 2018, "tags": ["order"]},
    ),
    "loop": ("An event loop runs tasks in one thread.", {"topic": "async", "year": 2014, "tags": ["tasks"]}),
    "groups": ("A task group awaits all of its tasks.", {"topic": "async", "year": 2022, "tags": ["tasks"]}),
    "timeouts": ("A timeout cancels what takes too long.", {"topic": "async", "year": 2022, "tags": ["tasks"]}),
}
"""Text and metadata by id."""

FIELDS: dict[str, Any] = {
    "year": {"type": "numeric", "description": "year in which this came to Python"},
    "topic": {"type": "tag", "description": "what the note is about"},
}
"""What a model is told of the fields; all else is learnt from the notes."""

TEXTS = [text for text, _ in NOTES.values()]
METADATAS = [metadata for _, metadata in NOTES.values()]
IDS = list(NOTES)
