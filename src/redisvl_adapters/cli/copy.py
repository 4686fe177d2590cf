"""``redisvl-adapters copy``: all records of an index into another one."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import replace
from typing import Any, cast

from redisvl_adapters.cli.connection import add_batch_size, add_url
from redisvl_adapters.cli.output import examples
from redisvl_adapters.core.index.readiness import current_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.copying import copy_records, plan_copy
from redisvl_adapters.core.ingest.tasks import run_task
from redisvl_adapters.core.schema.foreign import BAD_RECORDS
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.errors import ArgumentError


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "copy",
        help="copy all records of an index into another one",
        description="Copy all records of an index into another one, vectors as they are. The plan is shown first. What "
        "is there already with the same content is left alone, so calling it again goes on after a failure.",
        **examples("copy docs docs-2", "copy docs docs-json --storage json --dry-run", "copy docs docs --to-url URL"),
    )
    parser.add_argument("source", help="the name of the index that is copied")
    parser.add_argument("target", help="the name of the index to copy into; it is made like the source if need be")
    add_url(parser)
    parser.add_argument("--to-url", metavar="URL", help="the server of the target, if that is another one")
    parser.add_argument("--prefix", help="what the keys of the target start with, if it is made")
    parser.add_argument("--storage", choices=("hash", "json"), help="where its records lie")
    parser.add_argument("--algorithm", choices=("hnsw", "flat", "svs-vamana"), help="its algorithm")
    add_batch_size(parser, "read")
    parser.add_argument(
        "--on-bad-record",
        choices=BAD_RECORDS,
        default="raise",
        help="what to do with one that cannot come over (%(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the plan, and change nothing")
    parser.add_argument("--quiet", action="store_true", help="draw no bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Show what the copy does, and do it.

    Raises:
        ArgumentError: If the target has vectors of another model.
    """
    with closing(RedisIndex(index_name=args.source, redis_url=args.redis_url, create="never")) as source:
        found = source.run(current_snapshot(source.state))
        options = _target_options(args, None if found is None else found.schema)
        with closing(RedisIndex(**options)) as target:
            plan = run_task(plan_copy(source, target, embeds=False, can_embed=False), None)
            print(plan)
            if plan.embeds:
                raise ArgumentError(
                    f"the vectors of index {plan.source!r} are of another model than those of {plan.target!r}, or have "
                    "other dimensions; copy from Python, with the model: store.copy_to(other, embedding=...)"
                )
            if not args.dry_run:
                title = None if args.quiet else "Copying"
                plan = replace(plan, on_bad_record=args.on_bad_record)
                print(run_task(copy_records(source, target, plan, args.batch_size), None, title))


def _target_options(args: argparse.Namespace, schema: Schema | None) -> IndexOptions:
    """Return the options of the target: what was asked for, and else, if it is to be made, what the source is."""
    asked = {"prefix": args.prefix, "storage": args.storage, "algorithm": args.algorithm}
    given = {name: value for name, value in asked.items() if value is not None}
    where = {"index_name": args.target, "redis_url": args.to_url or args.redis_url}
    with closing(RedisIndex(**cast("IndexOptions", where))) as target:
        exists = target.run(current_snapshot(target.state)) is not None
    if exists or schema is None:
        return cast("IndexOptions", {**where, **given})
    vector = schema.vector
    like: dict[str, Any] = {
        "storage": schema.storage,
        "algorithm": vector.algorithm,
        "distance_metric": vector.metric,
        "dtype": vector.dtype,
        "scale": vector.scale,
        "language": schema.language,
        "language_key": schema.language_key,
        **(vector.tuning if args.algorithm in (None, vector.algorithm) else {}),
    }
    return cast("IndexOptions", {**like, **where, **given})
