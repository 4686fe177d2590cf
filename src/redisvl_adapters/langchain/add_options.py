"""The keywords of adding texts or documents: what they are, and reading them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, cast

from redisvl_adapters.core.arguments import check_flag, check_ttl
from redisvl_adapters.core.ingest.options import IngestOptions
from redisvl_adapters.core.ingest.streaming_ingest import IngestPlan
from redisvl_adapters.core.records.vectors import Matrix, Vector
from redisvl_adapters.errors import refuse_unknown


class AddOptions(IngestOptions, total=False):
    """The keywords of ``add_texts`` and ``add_documents``, beside the texts or documents and their ids.

    Attributes:
        batch_size: How many texts are embedded and written at once; without it, or with None, 500.
        ttl: Seconds after which they expire: one number for all, or one number or None for each; by default as the
            store was told.
        show_progress: Whether to draw a bar with tqdm, with rate and remaining time (False).
        vectors: Vectors beside the main one that exist already, by their names: one for each text, or None where it
            has none. Those that are made of metadata are made by their models, where they are not given.
        content_ids: Whether those without an id get one that is derived from text and metadata (False), so that the
            same content gets the same id again.
        skip_existing: Whether those whose ids exist are neither embedded nor written (False).
        max_concurrency: How many batches are embedded at the same time, in async calls (4).
    """

    ttl: float | Iterable[float | None] | None
    vectors: Mapping[str, Iterable[Vector | None] | Matrix] | None
    content_ids: bool


def read_add_options(
    method: str, options: Mapping[str, Any], also: Collection[str]
) -> tuple[IngestPlan, dict[str, Any]]:
    """Return how to ingest, and what ``to_records`` takes.

    Args:
        method: Names the call in errors.
        options: What was given.
        also: What the call takes beside its options, for errors.

    Raises:
        UnknownArgumentError: If there is another keyword.
        ArgumentError: If a value is out of its range.
    """
    known = AddOptions.__annotations__
    refuse_unknown(method, {name: options[name] for name in options if name not in known}, (*known, *also))
    content_ids = check_flag(options.get("content_ids", False), "content_ids")
    ttl = options.get("ttl")
    each = ttl if isinstance(ttl, Iterable) and not isinstance(ttl, str) else None
    given = {name: options[name] for name in ("show_progress", "skip_existing", "max_concurrency") if name in options}
    if options.get("batch_size") is not None:
        given["batch_size"] = options["batch_size"]
    for_all = None if each is not None else check_ttl(cast("float | None", ttl))
    plan = IngestPlan(ttl_ms=for_all, **given)
    return plan, {
        "ttl": each,
        "content_ids": content_ids,
        "needs_ids": plan.skip_existing,
        "vectors": options.get("vectors"),
    }
