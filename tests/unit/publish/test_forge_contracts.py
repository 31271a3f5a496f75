"""What the servers of the tests are held to, and how it is compared with a published description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forges.contract import Contract
from forges.hub import Hub
from forges.server import Server
from tools.forge_contracts import Comparison, Published

FORGES = ("github", "gitlab", "gitea")


@pytest.mark.parametrize("name", FORGES)
def test_whole_answers_keep_to_the_contract(name: str) -> None:
    contract = Contract(name)
    for call, row in contract.calls.items():
        for status, kind in row["answers"].items():
            said: Any = [{}] if kind.startswith("[") else {}
            whole = contract.whole(call, int(status), said)
            assert list(contract.answered(call, int(status), whole)) == []


@pytest.mark.parametrize(
    ("call", "query", "body", "wrong"),
    [
        pytest.param("GET pulls", {"state": "all"}, None, "", id="as it has to be"),
        pytest.param("GET pulls", {"state": "merged"}, None, "is none of open|closed|all", id="alternatives"),
        pytest.param("GET pulls", {"per_page": "many"}, None, "is no integer", id="kind of a parameter"),
        pytest.param("GET pulls", {"owner": "me"}, None, "no parameter owner", id="unknown parameter"),
        pytest.param("POST pulls", {}, {"head": "a"}, "base is missing", id="demanded"),
        pytest.param("POST pulls", {}, {"head": "a", "base": "b", "to": "c"}, "no field to", id="field"),
        pytest.param(
            "POST pulls", {}, {"head": "a", "base": 7}, "base: 7 is no string", id="kind of a field"
        ),
        pytest.param("POST pulls", {}, None, "the body is no object", id="no body"),
        pytest.param("GET pulls", {}, {}, "takes no body", id="a body too many"),
    ],
)
def test_a_request_that_breaks_the_contract_is_refused(
    tmp_path: Path, call: str, query: dict[str, str], body: Any, wrong: str
) -> None:
    hub = Hub(tmp_path)
    method, _, name = call.partition(" ")
    text = "&".join(f"{key}={value}" for key, value in query.items())
    server = Server("github", hub)
    with server:
        answer = server.answer(method, f"/repos/a/b/{name}?{text}", {}, body)
    assert (answer[0], bool(hub.wrong)) == (400 if wrong else 401, bool(wrong))
    assert wrong in "".join(hub.wrong)


THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string", "nullable": True},
        "state": {"type": "string", "enum": ["on", "off"]},
    },
}
OURS = """
[calls."POST /things"]
body = { "name!" = "string" }
answers = { 201 = "thing" }
[types.thing]
integer = "id"
"string?" = "name"
"on|off" = "state?"
"""


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        pytest.param("", "", [], id="alike"),
        pytest.param("POST", "PUT", ["PUT /things: not published"], id="call"),
        pytest.param("201", "200", ["POST /things: 200 is not published"], id="status"),
        pytest.param('"name!" =', "name =", ["POST /things: name is demanded"], id="demanded"),
        pytest.param(
            "{ ", "{ size = 'integer', ", ["POST /things: no field size in the body"], id="no field"
        ),
        pytest.param('"string" }', '"integer" }', ["is ['string'], not integer"], id="kind that is sent"),
        pytest.param('"string?"', "string", ["thing.name: may be null"], id="null"),
        pytest.param('integer = "id"', 'string = "id"', ["thing.id: is ['integer'], not string"], id="kind"),
        pytest.param('integer = "id"', "", ["thing.id: is always sent"], id="incomplete"),
        pytest.param("state?", "state", ["thing.state: may be left out"], id="left out"),
        pytest.param("on|off", "on|up", ["thing.state: is one of ['off', 'on']"], id="alternatives"),
        pytest.param('"id"', '"id size?"', ["thing: no field size"], id="too much"),
    ],
)
def test_differences_from_what_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, difference: list[str]
) -> None:
    sent = {"required": ["name"], "properties": {"name": {"type": "string"}}}
    document = {
        "openapi": "3.0.0",
        "components": {"schemas": {"thing": THING}},
        "paths": {
            "/things": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": sent}}},
                    "responses": {
                        "201": {
                            "content": {
                                "application/json": {"schema": {"$ref": "#/components/schemas/thing"}}
                            }
                        }
                    },
                }
            }
        },
    }
    (tmp_path / "api.json").write_text(json.dumps(document))
    (tmp_path / "ours.toml").write_text(OURS.replace(old, new, 1) if old else OURS)
    monkeypatch.setattr("forges.contract.DATA", tmp_path)
    found = list(Comparison(Contract("ours"), Published(tmp_path / "api.json")).differences())
    assert len(found) == len(difference)
    assert all(part in line for part, line in zip(difference, found, strict=True))
