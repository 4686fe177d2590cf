"""``redisvl-adapters import``: records from a file of JSON lines into an index."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

from redisvl_adapters.cli.connection import add_batch_size, add_url
from redisvl_adapters.cli.output import examples
from redisvl_adapters.core.index.readiness import current_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.inspection.export_format import ExportHeader, read_end, read_header, read_record
from redisvl_adapters.core.inspection.exporting import begin_import, import_records, now_ms
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.progress import Progress, ProgressBar
from redisvl_adapters.errors import ArgumentError


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "import",
        help="write the records of a file into an index",
        description="Write the records of a file that export has made into an index, which is made like the one that "
        "was exported if it does not exist. Records that are there already with the same content are left alone, so "
        "that the same command goes on after a failure; others under the same ids are replaced. What has expired since "
        "is left out.",
        **examples("import docs --input docs.jsonl", "import docs-json --input docs.jsonl --storage json"),
    )
    parser.add_argument("index", help="the name of the index")
    add_url(parser)
    parser.add_argument("--input", required=True, metavar="FILE", type=Path, help="the file")
    parser.add_argument("--prefix", help="what the keys of the index start with, if it is made")
    parser.add_argument("--storage", choices=("hash", "json"), help="where its records lie, if it is made")
    add_batch_size(parser, "written")
    parser.add_argument("--quiet", action="store_true", help="draw no bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Import it.

    Raises:
        ArgumentError: If the file cannot be read, is no export, or was cut off.
    """
    try:
        with args.input.open("rb") as file:
            header = read_header(file.readline())
            print(_import(args, file, header))
    except OSError as error:
        raise ArgumentError(f"the file {str(args.input)!r} cannot be read: {error.strerror or error}") from error


def _import(args: argparse.Namespace, file: BinaryIO, header: ExportHeader) -> str:
    title = None if args.quiet else f"Importing {args.index}"
    with closing(RedisIndex(**_options(args, header))) as index, ProgressBar(title) as bar:
        index.run(begin_import(index.state, header))
        written = skipped = expired = 0
        for batch in _batches(file, args.batch_size):
            records = [record for record in batch if record is not None]
            expired += len(batch) - len(records)
            if records:
                done = index.run(import_records(index.state, header.schema, records))
                written, skipped = written + done.written, skipped + done.skipped
            bar.show(Progress(written + skipped + expired, header.records))
    told = f"{written} records imported into index {args.index!r}, {skipped} were there already"
    return told + (f", {expired} have expired" if expired else "")


def _batches(file: BinaryIO, size: int) -> Iterator[list[Record | None]]:
    """Yield the records of a file, None for those that have expired.

    Raises:
        ArgumentError: If it does not end as an export does.
    """
    batch: list[Record | None] = []
    number, records = 1, 0
    for number, line in enumerate(file, 2):
        if not line.endswith(b"\n"):
            break
        if (told := read_end(line)) is not None:
            if told == records and not file.readline():
                if batch:
                    yield batch
                return
            break
        batch.append(read_record(line, number, now_ms()))
        records += 1
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
    raise ArgumentError(
        f"the file was cut off, or is not as it was exported any more: it has {records} records up to line {number}, "
        "and does not end as an export does. These are imported; export the index once more"
    )


def _options(args: argparse.Namespace, header: ExportHeader) -> IndexOptions:
    """Return the options of the index: what was asked for, and else, if it is to be made, what the exported one was."""
    given = {"prefix": args.prefix, "storage": args.storage}
    asked = {name: value for name, value in given.items() if value is not None}
    where = {"index_name": args.index, "redis_url": args.redis_url}
    schema = header.schema
    with closing(RedisIndex(**cast("IndexOptions", where))) as index:
        if index.run(current_snapshot(index.state)) is not None:
            return cast("IndexOptions", {**where, **asked})
    like: dict[str, Any] = {
        "storage": schema.storage,
        "algorithm": schema.vector.algorithm,
        "distance_metric": schema.vector.metric,
        "dtype": schema.vector.dtype,
        "scale": schema.vector.scale,
        "language": schema.language,
        "language_key": schema.language_key,
        **schema.vector.tuning,
    }
    if args.index == schema.name:
        like["prefix"] = schema.prefix
    return cast("IndexOptions", {**like, **where, **asked})
