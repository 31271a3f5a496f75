"""What the settings of a repository may decide: the image, never the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slimify.config import STRANGERS, load
from slimify.model.errors import SlimifyError

HARMLESS = [
    ("nothing", [], []),
    ("a switch", ["--init", "--read-only"], ["--init", "--read-only"]),
    ("a switch with a value", ["--init=false"], ["--init=false"]),
    ("a value", ["--shm-size=256m"], ["--shm-size=256m"]),
    ("a value with options", ["--tmpfs=/run:exec,size=10%"], ["--tmpfs=/run:exec,size=10%"]),
    ("a value in the next word", ["--user", "1:2", "--cap-drop", "ALL"], ["--user=1:2", "--cap-drop=ALL"]),
    ("no network", ["--network=none"], ["--network=none"]),
    ("a variable", ["--env", "A=b c"], ["--env=A=b c"]),
]  # fmt: skip
REFUSED = [
    ("all rights", ["--privileged"], 1),
    ("all rights, with a value", ["--privileged=true"], 1),
    ("a namespace of the host", ["--pid=host"], 1),
    ("a namespace of the host, in two words", ["--pid", "host"], 2),
    ("the host's network", ["--network=host"], 1),
    ("the host's network, in two words", ["--network", "host"], 1),
    ("another container's network", ["--network=container:db"], 1),
    ("a right", ["--cap-add=SYS_ADMIN"], 1),
    ("no confinement", ["--security-opt=seccomp=unconfined"], 1),
    ("new privileges", ["--security-opt=no-new-privileges=false"], 1),
    ("a device", ["--device=/dev/sda"], 1),
    ("a mount", ["--mount=type=bind,src=/,dst=/host"], 1),
    ("a volume", ["-v", "/:/host"], 2),
    ("a volume in one word", ["-v/:/host"], 1),
    ("short switches", ["-itv/:/host"], 1),
    ("a variable of the host", ["--env", "GITHUB_TOKEN"], 1),
    ("a variable of the host, short", ["-eGITHUB_TOKEN"], 1),
    ("a file of the host", ["--env-file=/etc/passwd"], 1),
    ("a file to write", ["--cidfile=/etc/cron.d/x"], 1),
    ("a port", ["-p", "0.0.0.0:22:22"], 2),
    ("more memory", ["--memory=64g"], 1),
    ("all memory, as shared", ["--shm-size=999g"], 1),
    ("more processes", ["--pids-limit=-1"], 1),
    ("another host", ["--log-driver=syslog"], 1),
    ("another runtime", ["--runtime=evil"], 1),
    ("another image", ["--init", "evil/image"], 1),
    ("a setting of the host's kernel", ["--sysctl=kernel.core_pattern=|/x"], 1),
    ("an option as value", ["--user", "--privileged"], 1),
    ("a value that hides another option", ["--user=0 --privileged"], 1),
    ("the end of options", ["--", "evil/image"], 2),
    ("an abbreviation", ["--privil"], 1),
    ("in upper case", ["--PRIVILEGED"], 1),
    ("with a space", [" --privileged"], 1),
]  # fmt: skip
VOLUMES = [
    ("of the repository, read-only", "./fixtures:/data:ro", "{root}/fixtures:/data:ro"),
    ("of the repository, from its root", "{root}/fixtures:/data:ro", "{root}/fixtures:/data:ro"),
    ("without a source", "/data", "/data"),
    ("writable", "./fixtures:/data", None),
    ("writable by an option", "./fixtures:/data:ro,rw", None),
    ("of the host", "/:/host:ro", None),
    ("of the home directory", "~/.ssh:/keys:ro", None),
    ("beside the repository", "../other:/data:ro", None),
    ("through a link", "./link:/data:ro", None),
    ("below a link", "./link/deep:/data:ro", None),
    ("of the engine", "secrets:/data:ro", None),
    ("the engine's socket", "/var/run/docker.sock:/s:ro", None),
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a link to a directory beside it; a user without settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    (root / "fixtures").mkdir()
    (tmp_path / "other" / "deep").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "other")
    return root


def probes(root: Path, given: dict[str, Any] | None = None, **table: object) -> tuple[Any, tuple[str, ...]]:
    """The probes of a settings file, and what was not taken."""
    lines = "".join(f"{name} = {value!r}\n" for name, value in table.items())
    (root / "slimify.toml").write_text(f"[probes]\n{lines}")
    found = load(root, root / "Dockerfile", given or {})
    return found.probes, found.warnings("probes")


@pytest.mark.parametrize(("words", "taken"), [row[1:] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
def test_harmless_options_are_taken(root: Path, words: list[str], taken: list[str]) -> None:
    assert probes(root, options=words) == ({"options": taken}, ())


@pytest.mark.parametrize(("words", "number"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_options_that_reach_the_host_are_not_taken(root: Path, words: list[str], number: int) -> None:
    found, ignored = probes(root, options=words)
    assert [word for word in found["options"] if word in words] == [w for w in words if w == "--init"]
    assert len(ignored) == number
    assert all(f"--config {root}/slimify.toml allows it" in text for text in ignored)
    assert probes(root, {"settings": str(root / "slimify.toml")}, options=words) == ({"options": words}, ())
    assert probes(root, {"settings": ""}, options=words) == ({}, ())


@pytest.mark.parametrize(("text", "taken"), [row[1:] for row in VOLUMES], ids=[row[0] for row in VOLUMES])
def test_volumes_are_of_the_repository(root: Path, text: str, taken: str | None) -> None:
    found, ignored = probes(root, volumes=[text.format(root=root)])
    assert found["volumes"] == ([taken.format(root=root)] if taken else [])
    assert len(ignored) == (taken is None)


def test_own_volumes_are_relative_to_the_settings(root: Path) -> None:
    named = {"settings": str(root / "slimify.toml")}
    found, _ = probes(root, named, volumes=["../other:/data", "data:/b", "/a:/b"])
    assert found["volumes"] == [f"{root.parent}/other:/data", "data:/b", "/a:/b"]


def test_a_table_for_one_dockerfile_is_no_way_around(root: Path) -> None:
    (root / "slimify.toml").write_text('[probes."Dockerfile"]\noptions = ["--privileged"]\nseconds = 9000\n')
    found = load(root)
    assert found.probes == {"Dockerfile": {"options": [], "seconds": 300}}
    assert len(found.warnings("probes")) == 2
    (root / "slimify.toml").unlink()
    (root / "pyproject.toml").write_text('[tool.slimify.probes]\noptions = ["--privileged"]\n')
    assert load(root).probes == {"options": []}


def test_values_of_the_wrong_type_are_left_to_their_reader(root: Path) -> None:
    assert probes(root, options="--privileged", volumes=[1], seconds="long")[0] == {
        "options": "--privileged",
        "volumes": [1],
        "seconds": "long",
    }


def test_a_repository_does_not_name_the_forge(root: Path) -> None:
    (root / "slimify.toml").write_text(
        '[pr]\nforge = "gitea"\napi-url = "http://evil.example"\ndraft = true\n'
    )
    found = load(root)
    assert (found.pr, len(found.warnings("pr"))) == ({"draft": True}, 2)
    assert load(root, None, {"settings": str(root / "slimify.toml")}).pr["forge"] == "gitea"


def test_templates_of_strangers(root: Path) -> None:
    (root / "slimify.toml").write_text('templates = "fixtures"\n')
    own = {"settings": str(root / "slimify.toml")}
    assert load(root).templates == load(root, None, STRANGERS | own).templates == str(root / "fixtures")
    found = load(root, None, STRANGERS)
    assert (found.templates, len(found.warnings("templates"))) == ("", 1)


def test_the_users_own_settings(root: Path) -> None:
    own = root.parent / "config" / "slimify" / "slimify.toml"
    own.parent.mkdir(parents=True)
    own.write_text(
        'base = "slim"\n[probes]\noptions = ["--privileged"]\n[pr]\nlabels = ["a"]\nforge = "gitea"\n'
    )
    assert load(root).base == load(root, None, {"settings": ""}).base == "slim"
    (root / "slimify.toml").write_text(
        'base = "same"\n[probes]\noptions = ["--init", "--pid=host"]\n[pr]\nlabels = ["b"]\n'
    )
    found = load(root)
    assert (found.base, found.settings) == ("same", str(root / "slimify.toml"))
    assert found.probes == {"options": ["--privileged", "--init"]}
    assert found.pr == {"labels": ("a", "b"), "forge": "gitea"}
    assert load(root, None, {"base": "minimal"}).base == "minimal"
    own.write_text("bsae = 1\n")
    with pytest.raises(SlimifyError, match="unknown setting"):
        load(root)
