"""The runtime contract of two images: what counts as a difference, what is told apart, what is accepted."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from slimify.verify.contract import Terms, compare, fields_set_by

BASE = {
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "APP=1"],
    "Cmd": ["python", "app.py"],
    "WorkingDir": "/app",
}
TERMS = Terms(
    own_labels=frozenset({"a"}),
    own_env=frozenset({"APP"}),
    base_env=frozenset({"LANG", "GOLANG_VERSION", "PYTHON_VERSION"}),
)


def wrong(before: dict[str, Any], after: dict[str, Any], terms: Terms = TERMS) -> list[str]:
    return [check.name for check in compare(before, after, terms) if not check.ok]


SAME: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing said", {}, {}),
    ("itself", BASE, BASE),
    ("root has many names", {"User": "root"}, {"User": "0:0"}),
    ("the default working directory", {"WorkingDir": ""}, {"WorkingDir": "/"}),
    ("the default signal", {"StopSignal": "SIGTERM"}, {}),
    ("a signal by its short name", {"StopSignal": "QUIT"}, {"StopSignal": "SIGQUIT"}),
    (
        "ports are a set",
        {"ExposedPorts": {"1/tcp": {}, "2/tcp": {}}},
        {"ExposedPorts": {"2/tcp": {}, "1/tcp": {}}},
    ),
    ("the default shell", {"Shell": ["/bin/sh", "-c"]}, {}),
    ("the order of ENV", {"Env": ["A=1", "B=2"]}, {"Env": ["B=2", "A=1"]}),
    ("null and empty", {"Entrypoint": None, "Labels": None}, {"Entrypoint": [], "Labels": {}}),
    ("labels of the base image", {"Labels": {"vendor": "x"}}, {"Labels": {"vendor": "y"}}),
    ("the toolchain's own variables", {"Env": ["GOLANG_VERSION=1.22"]}, {"Env": []}),
    (
        "each base has its own patch release",
        {"Env": ["PYTHON_VERSION=3.12.1"]},
        {"Env": ["PYTHON_VERSION=3.12.2"]},
    ),
    ("what the new base brings", {"Env": []}, {"Env": ["SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"]}),
    ("the toolchain's directories", {"Env": ["PATH=/usr/local/go/bin:/bin"]}, {"Env": ["PATH=/bin"]}),
    (
        "the usual directories in another base's order",
        {"Env": ["PATH=/usr/local/bin:/usr/local/sbin:/usr/local/bin:/bin"]},
        {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/bin"]},
    ),
    (
        "a virtual environment in front",
        {"Env": ["PATH=/usr/bin:/bin"]},
        {"Env": ["PATH=/opt/venv/bin:/usr/bin:/bin"]},
    ),
]
DIFFERENT: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("CMD lost", BASE, {**BASE, "Cmd": None}, "Cmd"),
    ("CMD in shell form", BASE, {**BASE, "Cmd": ["/bin/sh", "-c", "python app.py"]}, "Cmd"),
    ("ENTRYPOINT new", BASE, {**BASE, "Entrypoint": ["/tini"]}, "Entrypoint"),
    ("another user", {"User": "app"}, {}, "User"),
    ("another directory", BASE, {**BASE, "WorkingDir": "/"}, "WorkingDir"),
    ("an ENV of the file lost", BASE, {**BASE, "Env": BASE["Env"][:2]}, "Env"),
    ("an ENV of the file changed", BASE, {**BASE, "Env": [*BASE["Env"][:2], "APP=2"]}, "Env"),
    ("an ENV nobody knows lost", {"Env": ["COMPANY=x"]}, {"Env": []}, "Env"),
    ("a label lost", {"Labels": {"a": "1"}}, {}, "labels"),
    ("a volume lost", {"Volumes": {"/data": {}}}, {}, "Volumes"),
    ("a port lost", {"ExposedPorts": {"80/tcp": {}}}, {}, "ExposedPorts"),
    ("the health check lost", {"Healthcheck": {"Test": ["CMD", "x"]}}, {}, "Healthcheck"),
    ("the signal changed", {"StopSignal": "SIGQUIT"}, {}, "StopSignal"),
    ("PATH in another order", {"Env": ["PATH=/a:/b"]}, {"Env": ["PATH=/b:/a"]}, "PATH"),
    ("a trigger lost", {"OnBuild": ["COPY . ."]}, {}, "OnBuild"),
]


@pytest.mark.parametrize(("before", "after"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_equal(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert wrong(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "name"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT]
)
def test_different(before: dict[str, Any], after: dict[str, Any], name: str) -> None:
    assert wrong(before, after) == [name]


@pytest.mark.parametrize("field", ["Cmd", "Env.APP", "Labels.a", "User"])
def test_the_user_accepts_a_field(field: str) -> None:
    before = {**BASE, "Labels": {"a": "1"}, "User": "app"}
    after = {**before, "Cmd": ["x"], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Labels": {}, "User": ""}
    names = {"Cmd": "Cmd", "Env.APP": "Env", "Labels.a": "labels", "User": "User"}
    all_wrong = wrong(before, after)
    assert names[field] in all_wrong
    accepted = replace(TERMS, accepted=frozenset({field}))
    assert wrong(before, after, accepted) == [name for name in all_wrong if name != names[field]]


@pytest.mark.parametrize(
    ("before", "after", "own", "same"),
    [
        (["docker-entrypoint.sh"], None, False, True),
        (["docker-entrypoint.sh"], ["/docker-entrypoint.sh"], False, True),
        (["docker-entrypoint.sh"], None, True, False),
        (["docker-entrypoint.sh", "serve"], None, False, False),
        (["docker-entrypoint.sh"], ["python3"], False, False),
        (["/init"], None, False, False),
    ],
)
def test_an_entry_script_that_only_executes(
    before: list[str], after: list[str] | None, own: bool, same: bool
) -> None:
    found = wrong({"Entrypoint": before}, {"Entrypoint": after}, replace(TERMS, own_entrypoint=own))
    assert found == ([] if same else ["Entrypoint"])


ADDED: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("a variable", {"Env": []}, {"Env": ["MODE=x"]}, ["Env"]),
    ("another value", {"Env": ["LANG=C.UTF-8"]}, {"Env": ["LANG=C"]}, ["Env"]),
    ("a label", {}, {"Labels": {"vendor": "y"}}, ["labels"]),
    ("the same as before", {"Env": ["MODE=x"]}, {"Env": ["MODE=x"]}, []),
    ("what the base brings beside it", {"Env": []}, {"Env": ["OTHER=x"]}, []),
]


@pytest.mark.parametrize(
    ("before", "after", "names"), [row[1:] for row in ADDED], ids=[row[0] for row in ADDED]
)
def test_what_the_rewritten_file_sets_is_not_its_base(
    before: dict[str, Any], after: dict[str, Any], names: list[str]
) -> None:
    added = fields_set_by(b"FROM x\nENV MODE=x LANG=C\nLABEL vendor=y\n")
    assert wrong(before, after, replace(TERMS, added=added)) == names


def test_a_file_that_is_none_sets_nothing() -> None:
    assert fields_set_by(b"\x00") == frozenset()


def test_a_path_entry_of_the_file_itself_is_no_property_of_the_base() -> None:
    terms = Terms(own_env=frozenset({"PATH"}))
    assert wrong({"Env": ["PATH=/srv/bin:/bin"]}, {"Env": ["PATH=/bin"]}, terms) == ["PATH"]


def test_what_is_accepted_for_one_reason_is_said_once() -> None:
    before = {"Env": ["GOLANG_VERSION=1.22", "LANG=C.UTF-8", "PATH=/usr/local/go/bin:/bin"]}
    checks = {check.name: check for check in compare(before, {"Env": ["PATH=/bin"]}, TERMS)}
    assert checks["Env"].detail == "GOLANG_VERSION, LANG (it described the toolchain of the old base image)"
    assert checks["PATH"].detail == "/usr/local/go/bin is no longer in PATH (it belonged to the toolchain)"
