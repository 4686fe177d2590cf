"""The rights of roles are those of docs/operating.md, and names cannot widen them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from redisvl_adapters.cli.main import main
from redisvl_adapters.core.inspection.rights import ROLES, rights_of
from redisvl_adapters.errors import ArgumentError

PAGE = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
USERS = dict(re.findall(r"^ {4}ACL SETUSER (\S+) on >secret (.+)$", PAGE, re.MULTILINE))


def role_of(user: str) -> str:
    return re.sub("^(?:docs|json|cluster)-", "", user)


@pytest.mark.parametrize("user", USERS)
def test_a_role_has_the_rights_of_the_user_on_the_page(user: str) -> None:
    storage = "json" if user.startswith("json-") else "hash"
    rules = rights_of(role_of(user), storage=storage, is_cluster=user.startswith("cluster-"))
    assert set(rules) == set(USERS[user].split())
    assert len(rules) == len(set(rules))


def test_each_role_is_on_the_page() -> None:
    assert {role_of(user) for user in USERS} == ROLES.keys()


def test_names_are_filled_in() -> None:
    rules = rights_of("rebuilder", "films", "movies:", alias="films-now")
    keys = {rule for rule in rules if "~" in rule}
    expected = "~films ~movies:* ~films@* ~redisvl-adapters/films ~redisvl-adapters/films@* ~films-now"
    assert keys == set(expected.split())


def test_what_there_is_not_is_refused_with_what_there_is() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'reader'"):
        rights_of("raeder")
    with pytest.raises(ArgumentError, match="has no storage 'json'; it has: hash"):
        rights_of("byte-store", storage="json")


def test_the_command_prints_them_for_an_administrator(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acl", "reader", "--index", "films", "--user", "ann"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("ACL SETUSER ann on >PASSWORD ~films %R~films:* ")
    assert main(["acl", "reader"]) == main(["acl", "copier", "--index", "films"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "redisvl-adapters: --index is missing: of which index is the reader to be?",
        "redisvl-adapters: --target is missing: into which index are records to be copied?",
    ]
    assert main(["acl", "chat-history", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["user"] == "chat_history-chat-history"


@pytest.mark.parametrize("name", ["a b", "*", "a'b", "", "a\nb", "[ab]"])
@pytest.mark.parametrize("option", ["--index", "--prefix", "--target", "--alias", "--user"])
def test_a_name_that_would_grant_more_is_refused(option: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["acl", "writer", "--index", "docs", option, name]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "cannot stand in a rule" in told.err
