"""``redisvl-adapters rebuild``: an index made anew beside the one that is there, which goes on meanwhile."""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from functools import partial
from typing import Any, cast

from redisvl_adapters.cli.connection import add_url
from redisvl_adapters.cli.output import examples
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.tasks import run_task
from redisvl_adapters.core.moving.job import cancel
from redisvl_adapters.core.moving.plan import RebuildKeywords, read_rebuild_options
from redisvl_adapters.core.moving.rebuild import rebuild
from redisvl_adapters.core.moving.task import unopened_task
from redisvl_adapters.core.schema.fields import TUNING
from redisvl_adapters.core.schema.foreign import BAD_RECORDS
from redisvl_adapters.errors import ArgumentError

_TEXTS = {
    "algorithm": "hnsw, flat or svs-vamana",
    "distance_metric": "cosine, l2 or ip",
    "dtype": "how vectors are stored: float32, float64, float16, bfloat16, int8 or uint8",
    "storage": "hash or json",
    "language": "the language of the texts; none for words as they are",
    "language_key": "the metadata key that says the language of each record",
}
_NUMBERS = sorted({name for names in TUNING.values() for name in names} - {"compression", "epsilon"})


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "rebuild",
        help="make an index anew while it is read and written",
        description="Make an index anew beside the one that is there, and let it take its place in all processes. The "
        "plan is shown first. Without any change, an index of layout version 1 is brought over. Another embedding "
        "model needs Python: store.rebuild(embedding=...). See docs/moving.md.",
        **examples(
            "rebuild docs --m 32 --dry-run", "rebuild docs --dtype float16 --drop-old", "rebuild docs --language german"
        ),
    )
    parser.add_argument("index", help="the name of the index, or an alias of it")
    add_url(parser)
    for name, what in _TEXTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", help=what)
    parser.add_argument("--scale", type=float, help="what vectors are multiplied with, for int8 and uint8")
    parser.add_argument("--epsilon", type=float, help="a parameter of the algorithm, as all that follow")
    parser.add_argument("--compression", help="SVS, the kind of compression")
    for name in _NUMBERS:
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    parser.add_argument(
        "--metadata-schema", metavar="JSON", help='fields that are new or change: \'{"year": "numeric"}\''
    )
    parser.add_argument("--alias", action="append", default=[], help="an alias that is to stand for the new index")
    parser.add_argument("--drop-old", action="store_true", help="drop the indexes whose places others have taken")
    parser.add_argument("--cancel", action="store_true", help="undo a rebuild that has not come to its end")
    parser.add_argument(
        "--on-bad-record",
        choices=BAD_RECORDS,
        default="raise",
        help="what to do with one that cannot be copied (%(default)s)",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the plan, and change nothing")
    parser.add_argument("--quiet", action="store_true", help="draw no bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Show what the rebuild does, and do it.

    Raises:
        ArgumentError: If an option is out of its range.
    """
    given = {name: getattr(args, name) for name in (*_TEXTS, *_NUMBERS, "scale", "epsilon", "compression")}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if options.get("language") == "none":
        options["language"] = None
    if args.metadata_schema is not None:
        options["metadata_schema"] = _read_json(args.metadata_schema)
    options |= {"aliases": args.alias, "drop_old": args.drop_old, "on_bad_record": args.on_bad_record}
    with closing(RedisIndex(index_name=args.index, redis_url=args.redis_url, create="never")) as index:
        if args.cancel:
            unopened = index.unopened()
            undone = unopened.run(cancel(unopened.state))
            print("the rebuild is undone" if undone else "there is no rebuild to undo")
            return
        for dry_run in (True, False)[: 1 if args.dry_run else 2]:
            wanted, settings = read_rebuild_options(cast("RebuildKeywords", {**options, "dry_run": dry_run}))
            start = partial(rebuild, options=wanted, settings=settings)
            title = None if dry_run or args.quiet else f"Rebuilding {index.state.spec.name}"
            plan = run_task(unopened_task(index, start), None, title)
            print(plan if dry_run else "done")


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ArgumentError(f'--metadata-schema is JSON, such as \'{{"year": "numeric"}}\': {error}') from error
