from __future__ import annotations

import os
from pathlib import Path

import pytest
from support import calls_of

from slimify.context.scan import Context, Limits, clean, scan


def build(root: Path, *files: str, **texts: str) -> Path:
    """Files of a context, empty or with `texts` (a double underscore stands for the dot)."""
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for name, text in texts.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("a", "a", id="plain"),
        pytest.param("./a//b/", "a/b", id="cleaned"),
        pytest.param("/a", "a", id="root-is-the-context"),
        pytest.param("../../a", "a", id="cannot-leave"),
        pytest.param("a/../../b", "b", id="cannot-leave-later"),
        pytest.param(".", "", id="root"),
        pytest.param("//a", "a", id="two-slashes"),
    ],
)
def test_clean(path: str, expected: str) -> None:
    assert clean(path) == expected


def test_empty_context_has_nothing() -> None:
    context = Context.empty()
    assert not context.has("a")
    assert not context.has("")
    assert not context.is_dir("")
    assert not context.is_fully_listed()
    assert context.text("a") is None
    assert context.glob("*") == context.under("") == ()


def test_missing_directory_is_noted(tmp_path: Path) -> None:
    context = scan(tmp_path / "nowhere")
    assert not context.files
    assert context.notes == (". cannot be listed: No such file or directory",)


def test_listing(tmp_path: Path) -> None:
    build(tmp_path, "b/c.py", "a.txt", "b.txt", ".env", a__txt="12345")
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "empty").mkdir()
    context = scan(tmp_path)
    assert list(context.files) == [".env", "a.txt", "b.txt", "b/c.py", "run"]
    assert context.files["a.txt"] == 5
    assert context.directories == {"b", "empty"}
    assert context.executables == {"run"}
    assert context.has("./b/")
    assert context.is_dir("b")
    assert not context.is_dir("a.txt")
    assert not context.has("b/d")
    assert context.under("b") == ("b/c.py",)
    assert context.under("") == tuple(context.files)
    assert context.is_fully_listed()
    assert context.notes == ()


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("x*", [], id="nothing"),
        pytest.param("[", [], id="malformed"),
        pytest.param("package*.json", ["package-lock.json", "package.json"], id="star"),
        pytest.param("*.json", ["package-lock.json", "package.json"], id="star-stops-at-slash"),
        pytest.param("**/*.json", ["package-lock.json", "package.json", "src/a.json"], id="tree"),
        pytest.param("src/*", ["src/.hidden", "src/a.json", "src/link"], id="dotfiles-too"),
        pytest.param("./src/?.json", ["src/a.json"], id="cleaned"),
        pytest.param("src", [], id="directory-left-out"),
    ],
)
def test_glob(tmp_path: Path, pattern: str, expected: list[str]) -> None:
    build(tmp_path, "package.json", "package-lock.json", "src/a.json", "src/.hidden", "srcs/b")
    (tmp_path / "src/link").symlink_to("a.json")
    assert list(scan(tmp_path).glob(pattern)) == expected


def test_glob_directories(tmp_path: Path) -> None:
    build(tmp_path, "src/a", "srcs/b", "x")
    assert scan(tmp_path).glob("s*", directories=True) == ("src", "srcs")


def test_ignored_paths_are_known(tmp_path: Path) -> None:
    build(tmp_path, "node_modules/x/y", "docs/a.md", "docs/keep.md", "src/a", "secret")
    (tmp_path / ".dockerignore").write_text("node_modules\ndocs\n!docs/keep.md\nsecret\n[\n")
    context = scan(tmp_path)
    assert list(context.files) == [".dockerignore", "docs/keep.md", "src/a"]
    assert context.directories == {"docs", "src"}
    assert context.ignored == ("docs/", "node_modules/", "secret")
    assert context.ignore_file == ".dockerignore"
    assert not context.has("secret")
    assert context.text("secret") is None
    assert context.exists_on_disk("secret")
    assert context.exists_on_disk("node_modules/x/y")
    assert not context.exists_on_disk("nothing")
    assert context.notes == (".dockerignore: line 5: [: [ without ]",)


def test_dockerfile_has_its_own_ignore_file(tmp_path: Path) -> None:
    build(tmp_path, "a", "b", "docker/Dockerfile", __dockerignore="a\n")
    (tmp_path / ".dockerignore").write_text("a\n")
    dockerfile = tmp_path / "docker/Dockerfile"
    assert not scan(tmp_path, dockerfile).has("a")
    (tmp_path / "docker/Dockerfile.dockerignore").write_text("b\n")
    context = scan(tmp_path, dockerfile)
    assert context.has("a")
    assert not context.has("b")
    assert context.ignore_file == "Dockerfile.dockerignore"


def test_symlinks_in_the_context_are_followed(tmp_path: Path) -> None:
    build(tmp_path, "real/a.txt", "real/deep/b")
    (tmp_path / "real/a.txt").write_text("hello")
    (tmp_path / "dir").symlink_to("real")
    (tmp_path / "real/up").symlink_to("../real/a.txt")
    (tmp_path / "dead").symlink_to("nowhere")
    context = scan(tmp_path)
    assert dict(context.symlinks) == {"dead": "nowhere", "dir": "real", "real/up": "../real/a.txt"}
    assert context.text("dir/a.txt") == context.text("dir/up") == "hello"
    assert context.is_dir("dir")
    assert context.is_dir("dir/deep")
    assert context.has("dead")
    assert context.resolve("dead") is None
    assert context.text("dead") is None
    assert context.resolve("dir/up") == "real/a.txt"


@pytest.mark.parametrize("kind", ["absolute", "relative", "directory", "loop", "ignored"])
def test_nothing_outside_the_context_is_read(tmp_path: Path, kind: str) -> None:
    outside = build(tmp_path / "outside", "x/y")
    (outside / "secret").write_text("secret")
    root = build(tmp_path / "root", "a", "hidden")
    (root / ".dockerignore").write_text("hidden\n")
    link, target = {
        "absolute": ("l", str(outside / "secret")),
        "relative": ("l", "../outside/secret"),
        "directory": ("d", "../outside"),
        "loop": ("l", "l"),
        "ignored": ("l", "hidden"),
    }[kind]
    (root / link).symlink_to(target)
    context = scan(root)
    for path in ("l", "d/secret", "../outside/secret", str(outside / "secret"), "d"):
        assert context.text(path) is None
        assert context.resolve(path) is None
    assert not context.is_dir("d")
    assert not context.exists_on_disk("d/secret")
    assert not any("secret" in name for name in context.files)


def test_a_file_replaced_by_a_symlink_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = build(tmp_path / "root", "a", "d/b")
    context = scan(root)
    (root / "a").unlink()
    (root / "a").symlink_to("../secret")
    (root / "d/b").unlink()
    (root / "d").rmdir()
    (root / "d").symlink_to("..")
    (tmp_path / "b").write_text("secret")
    assert context.text("a") is None
    assert context.text("d/b") is None


def test_ignore_file_outside_the_context_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("a\n")
    root = build(tmp_path / "root", "a")
    (root / ".dockerignore").symlink_to("../rules")
    assert scan(root).has("a")


def test_root_may_be_a_symlink(tmp_path: Path) -> None:
    build(tmp_path / "real", "a").joinpath("a").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert scan(tmp_path / "link").text("a") == "x"


def test_text(tmp_path: Path) -> None:
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbfa")
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "long").write_text("x" * 101)
    (tmp_path / "full").write_text("x" * 100)
    os.mkfifo(tmp_path / "pipe")
    for name in ("utf-16", "utf-32"):
        (tmp_path / name).write_text("caf\xe9\n", name)
    (tmp_path / "big-endian").write_bytes("\ufeffa".encode("utf-16-be"))
    context = scan(tmp_path, limits=Limits(text=100))
    assert context.text("bom") == context.text("big-endian") == "a"
    assert context.text("utf-16") == context.text("utf-32") == "caf\xe9\n"
    assert context.text("latin") == "caf\ufffd"
    assert context.text("full") == "x" * 100
    assert context.text("long") is None
    assert context.text("long", 200) == "x" * 101
    assert context.head("long", 3) == "xxx"
    assert context.text("pipe") is None
    assert "pipe" not in context.files
    assert context.text("nul\0") is None


@pytest.mark.parametrize(("length", "kept"), [(10, True), (64 << 10, True), (70_000, False)])
def test_texts_are_read_once(tmp_path: Path, length: int, kept: bool) -> None:
    (tmp_path / "a").write_text("x" * length)
    context = scan(tmp_path)
    first = context.text("a")
    (tmp_path / "a").write_text("y" * length)
    assert (context.text("a") == first) is kept


def test_what_is_found_in_the_files_is_found_once(tmp_path: Path) -> None:
    context, found = scan(tmp_path), iter("abc")
    assert [context.once(key, lambda: next(found)) for key in (1, 2, 1, 2)] == ["a", "b", "a", "b"]
    assert scan(tmp_path).once(1, lambda: next(found)) == "c"


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("x")
    (tmp_path / "new\nline").write_text("x")
    context = scan(tmp_path)
    assert len(context.files) == 2
    assert all(context.text(name) == "x" for name in context.files)


def test_version_control_folders_are_not_listed(tmp_path: Path) -> None:
    build(tmp_path, ".git/HEAD", "a")
    context = scan(tmp_path)
    assert list(context.files) == ["a"]
    assert context.is_dir(".git")
    assert context.has(".git/HEAD")
    assert not context.has(".git/nothing")
    assert context.is_fully_listed()
    assert not (tmp_path / ".git/HEAD").is_symlink()


def test_installed_packages_are_limited(tmp_path: Path) -> None:
    build(tmp_path, *(f"node_modules/p{n:02}/index.js" for n in range(30)), "src/a.js")
    (tmp_path / "node_modules/p29/index.js").write_text("late")
    context = scan(tmp_path, limits=Limits(installed=10))
    assert context.is_dir("node_modules")
    assert context.has("src/a.js")
    assert len(context.under("node_modules")) < 30
    assert not context.is_fully_listed()
    assert "more than 10 installed files" in context.notes[0]
    assert context.has("node_modules/p29/index.js")
    assert not context.has("node_modules/p29/nothing.js")
    assert context.text("node_modules/p29/index.js") == "late"


def test_entry_limit_is_noted(tmp_path: Path) -> None:
    build(tmp_path, *(f"d{n}/f" for n in range(9)))
    context = scan(tmp_path, limits=Limits(entries=12))
    assert not context.is_fully_listed()
    assert context.notes == ("more than 12 entries: the rest is not listed",)
    assert context.has("d8/f")


def test_depth_limit_is_noted(tmp_path: Path) -> None:
    build(tmp_path, "a/b/c/d/e")
    context = scan(tmp_path, limits=Limits(depth=2))
    assert context.skipped == ("a/b/c",)
    assert context.has("a/b/c/d/e")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_directory_is_noted(tmp_path: Path) -> None:
    build(tmp_path, "d/a", "b")
    (tmp_path / "d").chmod(0)
    context = scan(tmp_path)
    (tmp_path / "d").chmod(0o700)
    assert context.notes == ("d cannot be listed: Permission denied",)


def test_work_is_linear(tmp_path: Path) -> None:
    def calls(count: int) -> int:
        root = tmp_path / str(count)
        for n in range(count):
            if n % 100 == 0:
                (root / f"d{n // 100}").mkdir(parents=True)
            (root / f"d{n // 100}" / f"file{n}.py").touch()
        (root / ".dockerignore").write_text("**/*.log\n*.md\n!README.md\n**/cache/**\n")
        found: list[str] = []
        made = calls_of(lambda: found.extend(scan(root).files))
        assert len(found) == count + 1
        return made

    calls(100)
    assert calls(4_000) < 9 * calls(500)
