"""Writing a file: the old content or the new one, never neither."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

import pytest

from slimify.app.replace_file import Change, finish_change, replace_file, replace_files
from slimify.model.errors import SlimifyError

OLD, NEW = b"FROM python:3.12\r\n", b"FROM python:3.12-slim\r\n\xff"

posix = pytest.mark.skipif(os.name != "posix", reason="modes, owners and links of POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Dockerfile"
    path.write_bytes(OLD)
    return path


def left_behind(directory: Path) -> list[str]:
    """The names in a directory other than the Dockerfile's."""
    return sorted(p.name for p in directory.iterdir() if p.name != "Dockerfile")


def test_new_content(file: Path) -> None:
    replace_file(file, NEW, expected=OLD)
    assert file.read_bytes() == NEW
    assert left_behind(file.parent) == []


def test_a_file_that_was_not_there(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        replace_file(tmp_path / "Dockerfile", NEW)
    finally:
        os.umask(previous)
    assert (tmp_path / "Dockerfile").read_bytes() == NEW
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "Dockerfile").stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o664])
def test_mode_is_kept(file: Path, mode: int) -> None:
    file.chmod(mode)
    replace_file(file, NEW, expected=OLD)
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_owner_is_kept(file: Path) -> None:
    os.chown(file, 1234, 2345)
    replace_file(file, NEW, expected=OLD)
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 2345)


@posix
def test_owner_that_cannot_be_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object, uid: int, gid: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    status = file.stat()
    fake = os.stat_result((*status[:4], status.st_uid + 1, *status[5:]))
    real = Path.stat
    monkeypatch.setattr(
        Path, "stat", lambda self, **kw: fake if self.name == "Dockerfile" else real(self, **kw)
    )
    with pytest.raises(SlimifyError, match="Operation not permitted"):
        replace_file(file, NEW, expected=OLD)
    assert file.read_bytes() == OLD
    assert left_behind(file.parent) == []


@posix
def test_a_link_stays_one(file: Path) -> None:
    link = file.parent / "sub" / "Dockerfile"
    link.parent.mkdir()
    link.symlink_to("../Dockerfile")
    replace_file(link, NEW, expected=OLD)
    assert link.is_symlink()
    assert link.read_bytes() == file.read_bytes() == NEW
    assert left_behind(link.parent) == []


@posix
def test_a_link_out_of_the_repository(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"old")
    (tmp_path / "repository").mkdir()
    link = tmp_path / "repository" / "link"
    link.symlink_to(outside)
    with pytest.raises(SlimifyError, match="leads out of the repository"):
        replace_file(link, b"new", within=link.parent)
    assert outside.read_bytes() == b"old"
    assert link.is_symlink()


@posix
@pytest.mark.parametrize("name", ["link", "directory/new"])
def test_a_link_of_a_repository_that_leads_out(tmp_path: Path, name: str) -> None:
    """Whoever named the path, the link may be a stranger's."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"old")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "link").symlink_to(outside / "file")
    (tmp_path / "repository" / "directory").symlink_to(outside)
    with pytest.raises(SlimifyError, match="leads out of the repository"):
        replace_file(tmp_path / "repository" / name, b"new")
    assert contents(outside) == {"file": b"old"}


def test_a_loop_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(SlimifyError) as caught:
        replace_file(tmp_path / "a", NEW, expected=OLD)
    assert caught.value.code == "SL902"


@posix
def test_read_only_file(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(SlimifyError, match="read-only") as caught:
        replace_file(file, NEW, expected=OLD)
    assert caught.value.code == "SL902"
    assert file.read_bytes() == OLD


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(SlimifyError, match="not a regular file"):
        replace_file(tmp_path, NEW)


def test_changed_since_it_was_read(file: Path) -> None:
    file.write_bytes(b"FROM scratch\n")
    with pytest.raises(SlimifyError) as caught:
        replace_file(file, NEW, expected=OLD)
    assert caught.value.code == "SL903"
    assert file.read_bytes() == b"FROM scratch\n"
    assert left_behind(file.parent) == []


def test_deleted_since_it_was_read(file: Path) -> None:
    file.unlink()
    with pytest.raises(SlimifyError) as caught:
        replace_file(file, NEW, expected=OLD)
    assert caught.value.code == "SL903"
    assert not file.exists()
    assert left_behind(file.parent) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_interrupted(file: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else SlimifyError
    with pytest.raises(expected):
        replace_file(file, NEW, expected=OLD)
    assert file.read_bytes() == OLD
    assert left_behind(file.parent) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_device(tmp_path: Path) -> None:
    link = tmp_path / "Dockerfile"
    link.symlink_to("/dev/full")
    with pytest.raises(SlimifyError, match="not a regular file"):
        replace_file(link, NEW)


# --- several files are one change -----------------------------------------------------------------------


@pytest.fixture
def two(file: Path) -> tuple[Change, Change]:
    """The changes of a Dockerfile and of an ignore file that is not there yet."""
    ignore = Change(path=file.parent / ".dockerignore", data=b".git\n", new=True)
    return ignore, Change(path=file, data=NEW, expected=OLD)


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_both_files(file: Path, two: tuple[Change, Change]) -> None:
    replace_files(two)
    assert contents(file.parent) == {"Dockerfile": NEW, ".dockerignore": b".git\n"}


@pytest.mark.parametrize("number", [1, 2, 3], ids=["record", "first", "second"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "^C"]
)
@pytest.mark.parametrize("exists", [False, True], ids=["new", "old"])
def test_neither_file(
    file: Path,
    two: tuple[Change, Change],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: BaseException,
    exists: bool,
) -> None:
    ignore, dockerfile = two
    if exists:
        ignore.path.write_bytes(b"old\n")
        ignore = Change(path=ignore.path, data=b".git\n", expected=b"old\n")
    before, calls, rename = contents(file.parent), [], Path.replace

    def fail(path: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == number:
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises((SlimifyError, KeyboardInterrupt)):
        replace_files((ignore, dockerfile))
    assert contents(file.parent) == before


def test_a_change_of_one_stops_both(file: Path, two: tuple[Change, Change]) -> None:
    file.write_bytes(b"changed")
    with pytest.raises(SlimifyError, match="has changed since it was read"):
        replace_files(two)
    assert contents(file.parent) == {"Dockerfile": b"changed"}
    file.write_bytes(OLD)
    two[0].path.write_bytes(b"theirs")
    with pytest.raises(SlimifyError, match="was created meanwhile"):
        replace_files(two)
    assert contents(file.parent) == {"Dockerfile": OLD, ".dockerignore": b"theirs"}


@posix
def test_what_killed_runs_left_is_removed(file: Path) -> None:
    names = [f".Dockerfile.slimify-{name}.tmp" for name in ("gone", "here")] + [".Dockerfile.x.tmp"]
    for name in names:
        (file.parent / name).touch()
    with (file.parent / names[1]).open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)  # as the process does that writes it
        replace_file(file, NEW)
    assert left_behind(file.parent) == names[1:]


def killed_at(step: int, two: tuple[Change, Change]) -> bool:
    """Writes both files in a process that kills itself at a step. Returns whether it came that far."""
    child = os.fork()
    if child == 0:
        steps = itertools.count(1)

        def counting(call: Any) -> Any:
            def counted(*words: Any, **more: Any) -> Any:
                if next(steps) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*words, **more)

            return counted

        for place, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink"), (Path, "chmod")):
            setattr(place, name, counting(getattr(place, name)))
        replace_files(two)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@posix
def test_a_kill_at_any_step_leaves_both_old_or_both_new(file: Path, two: tuple[Change, Change]) -> None:
    old, new = {"Dockerfile": OLD}, {"Dockerfile": NEW, ".dockerignore": b".git\n"}
    for step in itertools.count(1):
        was_killed = killed_at(step, two)
        finish_change(file)
        found = contents(file.parent)
        whole = {name: text for name, text in found.items() if name in new}
        assert whole in (old, new), step
        if whole == old:
            replace_files(two)
        assert contents(file.parent) == new, step
        if not was_killed:
            break
        file.write_bytes(OLD)
        two[0].path.unlink()
    assert step > 8


@posix
def test_a_change_that_a_kill_left_overwrites_no_edit(file: Path, two: tuple[Change, Change]) -> None:
    def is_half_done(step: int) -> bool:
        assert killed_at(step, two)
        if two[0].path.exists() and file.read_bytes() == OLD:
            return True
        finish_change(file)
        file.write_bytes(OLD)
        two[0].path.unlink(missing_ok=True)
        return False

    assert next(step for step in itertools.count(1) if is_half_done(step))
    file.write_bytes(b"edited")
    finish_change(file)
    assert contents(file.parent) == {"Dockerfile": b"edited", ".dockerignore": b".git\n"}


@posix
@pytest.mark.parametrize(
    "rows",
    [
        [["../outside", ".outside.slimify-x.tmp", None]],
        [["Dockerfile", "../evil", None]],
        [["Dockerfile", ".Dockerfile.slimify-x.tmp", None]],
        [["new", "kept", None]],
        {"a": 1},
        [1],
        [[None, None, None]],
    ],
    ids=str,
)
def test_a_record_of_a_stranger(file: Path, rows: object) -> None:
    (file.parent / ".git").mkdir()
    outside = file.parent.parent / "outside"
    outside.write_bytes(b"theirs")
    outside.with_name(".outside.slimify-x.tmp").write_bytes(b"evil")
    (file.parent / ".Dockerfile.slimify-x.tmp").symlink_to(outside)
    (file.parent / "kept").write_bytes(b"theirs")
    (file.parent / ".Dockerfile.slimify-change").write_text(json.dumps(rows))
    finish_change(file)
    assert (file.read_bytes(), outside.read_bytes()) == (OLD, b"theirs")
    assert (file.parent / "kept").read_bytes() == b"theirs"


@posix
def test_hard_links_are_not_separated(file: Path) -> None:
    os.link(file, file.parent / "other")
    with pytest.raises(SlimifyError, match="2 hard links"):
        replace_file(file, NEW)
    assert contents(file.parent) == {"Dockerfile": OLD, "other": OLD}
