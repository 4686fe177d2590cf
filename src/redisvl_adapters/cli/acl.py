"""``redisvl-adapters acl``: the rights that a user needs, as a command for the administrator."""

from __future__ import annotations

import argparse
from typing import Any

from redisvl_adapters.cli.output import add_json, examples, print_json
from redisvl_adapters.core.inspection.rights import EXAMPLE, ROLES, rights_of
from redisvl_adapters.errors import ArgumentError

_UNSAFE = frozenset(" \t\n\r\"'\\*?[]")


def add_command(commands: Any) -> None:
    """Add the command to the parser."""
    roles = "\n".join(f"  {name.ljust(16)}{role.does}" for name, role in ROLES.items())
    shown = examples(
        "acl reader --index docs", "acl writer --index docs --storage json --user ingest", "acl chat-history"
    )
    shown["epilog"] = f"roles:\n{roles}\n\n{shown['epilog']}"
    parser: argparse.ArgumentParser = commands.add_parser(
        "acl",
        help="print the rights that a user needs",
        description="Print the fewest rights that are enough for what a user does, as a command for the administrator "
        "of the server, with PASSWORD in place of one. No server is asked.",
        **shown,
    )
    parser.add_argument("role", choices=ROLES, metavar="ROLE", help="what the user does: see below")
    parser.add_argument(
        "--index", help="the name of the index; of a cache or a namespace, if it is not that which it has by default"
    )
    parser.add_argument("--prefix", help="what its keys start with, if that is not its name and a colon")
    parser.add_argument("--storage", choices=("hash", "json"), default="hash", help="where records lie (%(default)s)")
    parser.add_argument("--target", help="the index to copy into, or in which messages are recalled")
    parser.add_argument("--alias", help="the alias that a rebuild sets")
    parser.add_argument("--cluster", action="store_true", help="for a cluster")
    parser.add_argument("--user", help="the name of the user; by default that of the index and of the role")
    add_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print them.

    Raises:
        ArgumentError: If the role has no such storage, or a name is missing or cannot stand in a rule.
    """
    for name in (args.index, args.prefix, args.target, args.alias, args.user):
        # A rule ends at a blank, and a pattern would grant more keys than are meant.
        if name is not None and (not name or not name.isprintable() or _UNSAFE & set(name)):
            raise ArgumentError(
                f"the name {name!r:.80} cannot stand in a rule: it is empty, or has blanks, quotes or one of *?[]"
            )
    if args.index is None and ROLES[args.role].index == EXAMPLE:
        raise ArgumentError(f"--index is missing: of which index is the {args.role} to be?")
    if args.target is None and args.role == "copier":
        raise ArgumentError("--target is missing: into which index are records to be copied?")
    rules = rights_of(
        args.role, args.index, args.prefix, args.storage, args.target, args.alias, is_cluster=args.cluster
    )
    user = args.user or f"{args.index or ROLES[args.role].index}-{args.role}"
    if args.json:
        print_json({"user": user, "rules": rules})
    else:
        print(f"ACL SETUSER {user} on >PASSWORD {' '.join(rules)}")
