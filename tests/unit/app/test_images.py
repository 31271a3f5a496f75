"""`slimify analyze`: which image a name means, where it comes from, what is printed, and exit codes."""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from imagefiles import archive, configuration, docker_members, gzipped, member, oci_members, tar, unpacked
from support import ROOT, Result, invoke
from unit.engine_fakes import Fakes

from slimify.app.images import ImageLocation, locate_image
from slimify.model.errors import SlimifyError

SCHEMA = json.loads((ROOT / "slimify" / "report" / "analysis.schema.json").read_text("utf-8"))
LAYERS = (
    tar(
        member("etc/", kind="directory"), member("etc/motd", b"a" * 3000), member("usr/bin/tool", b"b" * 9000)
    ),
    tar(member("srv/server", b"c" * 50_000), member("etc/motd", b"d" * 2000)),
)
SIZE = 64_000
STEPS = [{"created_by": "/bin/sh -c #(nop) ADD file:0 in / "}, {"created_by": "RUN make server # buildkit"}]
CONFIG = configuration(LAYERS, history=STEPS)


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.tar"
    path.write_bytes(archive(docker_members(LAYERS, config=CONFIG)))
    return path


def objects(result: Result) -> dict[str, object]:
    value = json.loads(result.stdout)
    jsonschema.validate(value, SCHEMA)
    return value  # type: ignore[no-any-return]


# --- what a name means ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "image.tar").write_bytes(b"")
    (tmp_path / "app").write_bytes(b"")
    (tmp_path / "odd:name.tar").write_bytes(b"")
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "index.json").write_text("{}")
    (tmp_path / "node").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "kind", "path", "name", "engine"),
    [
        pytest.param("python:3.12", "engine", None, "python:3.12", None, id="image"),
        pytest.param("d82c28d", "engine", None, "d82c28d", None, id="id"),
        pytest.param("host:5000/team/app:1", "engine", None, "host:5000/team/app:1", None, id="port"),
        pytest.param("app@sha256:" + "0" * 64, "engine", None, "app@sha256:" + "0" * 64, None, id="digest"),
        pytest.param("node", "engine", None, "node", None, id="an image, though a directory has its name"),
        pytest.param("docker:24-dind", "engine", None, "docker:24-dind", None, id="the image called docker"),
        pytest.param("-", "archive", None, "", None, id="standard input"),
        pytest.param("image.tar", "archive", "image.tar", "", None, id="archive"),
        pytest.param("./app", "archive", "app", "", None, id="archive of any name"),
        pytest.param("app", "archive", "app", "", None, id="a file that exists is an archive"),
        pytest.param("odd:name.tar", "archive", "odd:name.tar", "", None, id="archive with a colon"),
        pytest.param("layout", "layout", "layout", "", None, id="layout"),
        pytest.param("layout/", "layout", "layout", "", None, id="layout with a slash"),
        pytest.param("docker-archive:image.tar", "archive", "image.tar", "", None, id="skopeo's archive"),
        pytest.param("docker-archive://image.tar", "archive", "image.tar", "", None, id="dive's archive"),
        pytest.param(
            "docker-archive:image.tar:app:1", "archive", "image.tar", "app:1", None, id="one of two"
        ),
        pytest.param("oci-archive:odd:name.tar:v1", "archive", "odd:name.tar", "v1", None, id="colons"),
        pytest.param("oci:layout:v1", "layout", "layout", "v1", None, id="skopeo's layout"),
        pytest.param("docker://python:3.12", "engine", None, "python:3.12", "docker", id="dive's docker"),
        pytest.param("docker://app", "engine", None, "app", "docker", id="dive's docker and a file"),
        pytest.param("docker:team/app", "engine", None, "team/app", "docker", id="docker without slashes"),
        pytest.param("docker-daemon:app:1", "engine", None, "app:1", "docker", id="skopeo's docker"),
        pytest.param("podman://app", "engine", None, "app", "podman", id="dive's podman"),
        pytest.param(
            "containers-storage:localhost/app:1", "engine", None, "localhost/app:1", "podman", id="podman"
        ),
    ],
)
def test_names(folder: Path, text: str, kind: str, path: str | None, name: str, engine: str | None) -> None:
    where = Path(path) if path is not None else None
    assert locate_image(text) == ImageLocation(kind=kind, path=where, name=name, engine=engine)  # type: ignore[arg-type]


def test_an_engine_that_is_named_has_the_image_although_a_file_is_there(folder: Path) -> None:
    assert locate_image("app", "podman") == ImageLocation(kind="engine", name="app", engine="podman")
    assert locate_image("./app", "podman").kind == "archive"
    assert locate_image("layout/", "podman").kind == "layout"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("missing.tar", "SL901", id="archive"),
        pytest.param("./missing", "SL901", id="path"),
        pytest.param("docker-archive:missing", "SL901", id="archive by scheme"),
        pytest.param("oci:missing", "SL901", id="layout by scheme"),
        pytest.param("./node", "SL750", id="a directory that is no layout"),
        pytest.param("-x", "SL750", id="an option"),
        pytest.param("a b", "SL750", id="a space"),
        pytest.param("", "SL750", id="nothing"),
        pytest.param("docker://--all:x", "SL750", id="an option behind a scheme"),
        pytest.param("a" * 5000, "SL750", id="too long for a file"),
        pytest.param("nul\0", "SL750", id="a NUL"),
    ],
)
def test_what_names_nothing(folder: Path, text: str, code: str) -> None:
    with pytest.raises(SlimifyError) as caught:
        locate_image(text)
    assert caught.value.code == code


# --- where it comes from --------------------------------------------------------------------------


def _docker(where: Path) -> str:
    (where / "a.tar").write_bytes(archive(docker_members(LAYERS, config=CONFIG)))
    return "a.tar"


def _gzipped(where: Path) -> str:
    (where / "a.tgz").write_bytes(gzipped(archive(docker_members(LAYERS, config=CONFIG))))
    return "a.tgz"


def _oci(where: Path) -> str:
    (where / "a").write_bytes(archive(oci_members(LAYERS, pack=gzipped, config=CONFIG)))
    return "a"


def _layout(where: Path) -> str:
    unpacked(oci_members(LAYERS, pack=gzipped, config=CONFIG), where / "a")
    return "oci:a"


def _several(where: Path) -> str:
    one, two = docker_members(LAYERS, config=CONFIG), docker_members(LAYERS[:1], names=("other:2",))
    manifest = json.loads(two.pop("manifest.json")) + json.loads(one.pop("manifest.json"))
    (where / "a.tar").write_bytes(archive({**one, **two, "manifest.json": json.dumps(manifest).encode()}))
    return "docker-archive:a.tar:app:1"


@pytest.mark.parametrize("make", [_docker, _gzipped, _oci, _layout, _several])
def test_every_form_of_an_image_tells_the_same(tmp_path: Path, make: Callable[[Path], str]) -> None:
    (only,) = objects(invoke("analyze", make(tmp_path), "--format", "json", cwd=tmp_path))["images"]  # type: ignore[misc]
    assert (only["size"], [layer["size"] for layer in only["layers"]]) == (SIZE, [12_000, 52_000])
    assert only["layers"][1]["instruction"] == "RUN make server"
    assert only["efficiency"]["wasted"] == 5000  # both copies of /etc/motd, as dive counts


def test_standard_input(image: Path) -> None:
    result = invoke("analyze", "-", "--format", "json", stdin=image.read_bytes())
    (only,) = objects(result)["images"]  # type: ignore[misc]
    assert (only["name"], only["size"]) == ("app:1", SIZE)


def test_a_terminal_is_no_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = types.SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr("slimify.app.images.sys", types.SimpleNamespace(stdin=terminal))
    result = invoke("analyze", "-")
    assert (result.code, result.stdout) == (2, b"")
    assert "standard input is a terminal" in result.stderr


def test_of_several_images_one_has_to_be_named(tmp_path: Path) -> None:
    _several(tmp_path)
    result = invoke("analyze", "a.tar", cwd=tmp_path)
    assert result.code == 2
    assert "app:1" in result.stderr


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"FROM scratch\n" * 100, "not a tar archive", id="text"),
        pytest.param(archive(docker_members(LAYERS, config=CONFIG))[:20_000], "truncated", id="cut off"),
    ],
)
def test_what_is_no_image_is_said_once(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.tar").write_bytes(data)
    plain, machine = (invoke("analyze", "a.tar", *more, cwd=tmp_path) for more in ((), ("--format", "json")))
    assert (plain.code, machine.code, plain.stdout) == (2, 2, b"")
    assert said in plain.stderr
    assert plain.stderr.startswith("a.tar: ")
    assert "Traceback" not in plain.stderr
    assert said in objects(machine)["error"]["message"]  # type: ignore[index]


def test_what_nobody_foresaw_is_an_error_of_ours(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("slimify.analyze.analyze_image.analyze_image", crash)
    result = invoke("analyze", str(image))
    assert result.code == 4
    assert "internal error" in result.stderr


# --- engines --------------------------------------------------------------------------------------


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    return Fakes(tmp_path, monkeypatch)


def _has(image: Path, *names: str) -> str:
    known = "\n".join(f'  "inspect --type image {name}") echo "[{{}}]"; exit 0 ;;' for name in names)
    return f"""
case "$*" in
{known}
  inspect*) echo 'Error response from daemon: No such image' >&2; exit 1 ;;
  save*) cat {image}; exit 0 ;;
esac
"""


def test_docker_is_asked_for_one_tag_alone(fakes: Fakes, image: Path) -> None:
    fakes.docker(_has(image, "app:latest", "app"))
    result = invoke("analyze", "app", "--format", "json")
    (only,) = objects(result)["images"]  # type: ignore[misc]
    assert (only["name"], only["size"]) == ("app", SIZE)
    assert [call for call in fakes.calls if " save" in call] == ["docker save app:latest"]


def test_an_id_is_no_name(fakes: Fakes, image: Path) -> None:
    fakes.docker(_has(image, "d82c28d"))
    assert invoke("analyze", "d82c28d").code == 0
    assert "docker save d82c28d" in fakes.calls


def test_the_engine_that_has_the_image_is_asked(fakes: Fakes, image: Path) -> None:
    fakes.docker(_has(image))
    fakes.write(
        "podman", 'case "$1" in --version) echo podman version 5.0.0; exit 0 ;; esac' + _has(image, "app:1")
    )
    assert invoke("analyze", "app:1").code == 0
    assert any(call.startswith("podman save") for call in fakes.calls)
    other = invoke("analyze", "app:1", "--engine", "docker")
    assert other.code == 2
    assert "docker has no such image" in other.stderr


def test_an_image_that_nobody_has(fakes: Fakes, image: Path) -> None:
    fakes.docker(_has(image))
    result = invoke("analyze", "toodle-app", "--format", "json")
    assert result.code == 2
    assert objects(result)["error"]["code"] == "SL750"  # type: ignore[index]
    assert result.stderr.splitlines()[1].startswith("  hint: pull or build it first (docker pull toodle-app)")
    assert not any("pull" in call for call in fakes.calls)


def test_no_engine_at_all(fakes: Fakes) -> None:
    result = invoke("analyze", "toodle-app")
    assert result.code == 4
    assert "not installed" in result.stderr or "no container engine" in result.stderr


def test_an_engine_that_does_not_answer(fakes: Fakes) -> None:
    fakes.write("docker", fakes.says("Cannot connect to the Docker daemon at unix:///var/run/docker.sock."))
    result = invoke("analyze", "toodle-app")
    assert result.code == 4
    assert "does not respond" in result.stderr


def test_an_engine_that_fails_while_it_saves(fakes: Fakes, image: Path) -> None:
    fakes.docker(
        _has(image, "app:1").replace(
            f"cat {image}; exit 0", "echo 'write: no space left on device' >&2; exit 1"
        )
    )
    result = invoke("analyze", "app:1")
    assert result.code == 4
    assert "no space left on disk" in result.stderr
    assert fakes.left_in_temporary() == []


# --- what is printed ------------------------------------------------------------------------------


def test_text_goes_to_standard_output_without_colour(image: Path) -> None:
    result = invoke("analyze", str(image))
    assert result.code == 0
    assert result.stderr == ""
    assert b"\x1b" not in result.stdout
    assert "64 kB in 2 layers" in result.stdout.decode()


def test_lines_of_the_dockerfile(image: Path, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\n\n# build\nRUN make server\n")
    result = invoke("analyze", str(image), "--dockerfile", "Dockerfile", "--format", "json", cwd=tmp_path)
    (only,) = objects(result)["images"]  # type: ignore[misc]
    assert [(layer["line"], layer["base"]) for layer in only["layers"]] == [(None, True), (4, False)]
    assert (only["base"], only["own"]) == (12_000, 52_000)


def test_a_malformed_dockerfile(image: Path, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\ngo build\n")
    result = invoke("analyze", str(image), "--dockerfile", "Dockerfile", cwd=tmp_path)
    assert result.code == 2
    assert 'unknown instruction "go"' in result.stderr


def test_two_images(image: Path, tmp_path: Path) -> None:
    (tmp_path / "slim.tar").write_bytes(archive(docker_members(LAYERS[:1])))
    text = invoke("analyze", str(image), "slim.tar", cwd=tmp_path)
    assert text.code == 0
    assert "Removed: 50 kB" in text.stdout.decode()
    value = objects(invoke("analyze", str(image), "slim.tar", "--format", "json", cwd=tmp_path))
    assert [one["size"] for one in value["images"]] == [SIZE, 12_000]  # type: ignore[attr-defined]
    assert value["difference"]["size"] == 12_000 - SIZE  # type: ignore[index]


@pytest.mark.parametrize("names", [("a", "b", "c"), ("-", "-"), ()], ids=["three", "twice", "none"])
def test_one_or_two(names: tuple[str, ...]) -> None:
    assert invoke("analyze", *names).code == 2


def test_html(image: Path, tmp_path: Path) -> None:
    result = invoke("analyze", str(image), "--html", "page.html", cwd=tmp_path)
    assert (result.code, result.stderr) == (0, "wrote page.html\n")
    assert b"2 layers" in result.stdout
    page = (tmp_path / "page.html").read_bytes()
    assert page.lower().startswith(b"<!doctype html>")
    assert invoke("analyze", str(image), "--html", "-").stdout == page


def test_a_page_that_can_not_be_written(image: Path, tmp_path: Path) -> None:
    result = invoke("analyze", str(image), "--html", "no/such/directory.html", cwd=tmp_path)
    assert result.code == 4
    assert "cannot write no/such/directory.html" in result.stderr
    assert "--write" not in result.stderr


# --- limits for CI --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param((), 0, id="none"),
        pytest.param(("--max-size", "64kB"), 0, id="kept"),
        pytest.param(("--max-size", "63.9kB"), 1, id="too large"),
        pytest.param(("--max-wasted", "5kB"), 0, id="wasted"),
        pytest.param(("--max-wasted", "1%"), 1, id="wasted share"),
        pytest.param(("--min-efficiency", "0.99"), 1, id="inefficient"),
        pytest.param(("--max-avoidable", "100%"), 0, id="avoidable"),
        pytest.param(("--max-size", "1GB", "--min-efficiency", "99%"), 1, id="one of two"),
        pytest.param(("--max-size", "large"), 2, id="no size"),
        pytest.param(("--max-size", "5%"), 2, id="a share of itself"),
        pytest.param(("--min-efficiency", "95"), 2, id="no ratio"),
    ],
)
def test_limits(image: Path, options: tuple[str, ...], code: int) -> None:
    assert invoke("analyze", str(image), *options).code == code


def test_the_rule_that_fails_is_named(image: Path) -> None:
    result = invoke("analyze", str(image), "--max-size", "1kB", "--max-wasted", "1MB")
    assert "FAIL  max-size: 64,000 bytes (limit 1kB)\nPASS  max-wasted" in result.stdout.decode()
    machine = invoke("analyze", str(image), "--max-size", "1kB", "--format", "json")
    assert objects(machine)["passed"] is False
    assert "FAIL: max-size" in machine.stderr


@pytest.mark.parametrize(
    ("ci", "options", "file", "rules"),
    [
        pytest.param("", (), "rules:\n  lowestEfficiency: 0.99\n", [], id="not in CI"),
        pytest.param("false", (), None, [], id="CI=false"),
        pytest.param("true", (), None, [True, True, True], id="CI: dive's own rules"),
        pytest.param("1", (), "rules:\n  lowestEfficiency: 0.99\n", [False, True, True], id="CI: the file"),
        pytest.param("", ("--ci",), "rules:\n  highestWastedBytes: 1kB\n", [True, False, True], id="--ci"),
        pytest.param("true", ("--no-ci",), "rules:\n  lowestEfficiency: 0.99\n", [], id="--no-ci"),
        pytest.param("true", ("--max-size", "1MB"), None, [True], id="CI with a limit: that alone"),
        pytest.param(
            "true",
            ("--max-size", "1MB"),
            "rules:\n  lowestEfficiency: 0.99\n",
            [False, True, True, True],
            id="CI with a limit and a file: both",
        ),
        pytest.param("", ("--ci-config", ".dive-ci"), "rules: {}\n", [True, True, True], id="--ci-config"),
    ],
)
def test_rules_of_dive(
    image: Path,
    monkeypatch: pytest.MonkeyPatch,
    ci: str,
    options: tuple[str, ...],
    file: str | None,
    rules: list[bool],
) -> None:
    monkeypatch.setenv("CI", ci)
    if file is not None:
        (image.parent / ".dive-ci").write_text(file)
    result = invoke("analyze", str(image), "--format", "json", *options, cwd=image.parent)
    assert [rule["ok"] for rule in objects(result)["rules"]] == rules  # type: ignore[attr-defined]
    assert result.code == (0 if all(rules) else 1)


def test_rules_that_are_not_understood_are_said_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / ".dive-ci").write_text("rules: []\n")
    result = invoke("analyze", "no-such-image", "--ci", cwd=tmp_path)
    assert result.code == 2
    assert result.stderr.startswith(".dive-ci: ")
