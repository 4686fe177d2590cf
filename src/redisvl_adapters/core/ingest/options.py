"""The keywords of adding, as a typed dictionary."""

from __future__ import annotations

from typing import TypedDict


class IngestOptions(TypedDict, total=False):
    """The keywords of adding that the stores of both frameworks take.

    Attributes:
        batch_size: How many records are embedded and written at once; without it, or with None, 500.
        show_progress: Whether to draw a bar with tqdm, with rate and remaining time (False).
        skip_existing: Whether records whose ids exist are neither embedded nor written (False).
        max_concurrency: How many batches are embedded at the same time, in async calls (4).
    """

    batch_size: int | None
    show_progress: bool
    skip_existing: bool
    max_concurrency: int
