"""`slimify scan` as it is typed: directories, lists, clones, interruptions, shards, and what goes wrong."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import html5lib
import pytest
from fleetjobs import dying, hungry
from support import GOLDEN
from typer.testing import CliRunner

from slimify.cli.app import app
from slimify.fleet import pool, rows
from slimify.fleet.results_file import ResultsFile
from slimify.fleet.time_limit import TimeLimitError, time_limit
from slimify.fleet.work_items import WorkItem, is_in_part, work_items

PLAIN = 'FROM golang:1.24\nWORKDIR /src\nCOPY . .\nRUN go build -o /server .\nCMD ["/server"]\n'
GO = {"go.mod": "module example.com/shop\n\ngo 1.24\n", "main.go": "package main\n\nfunc main() {}\n"}


def repository(path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    subprocess.run(["git", "init", "-q", path], check=True)
    return path


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A program that can be made smaller, a file that is none, and a repository without any."""
    root = tmp_path / "fleet"
    repository(root / "shop", {"Dockerfile": PLAIN, **GO})
    repository(root / "broken", {"Dockerfile": "FORM golang\n"})
    repository(root / "empty", {"README": "nothing\n"})
    return root


def commit(path: Path) -> None:
    subprocess.run(["git", "-C", path, "add", "."], check=True)
    words = ["-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "first"]
    subprocess.run(["git", "-C", path, *words], check=True)


def scan(*arguments: object, code: int = 0) -> tuple[list[dict[str, Any]], str]:
    done = CliRunner().invoke(app, ["scan", "--jobs", "1", *map(str, arguments)])
    assert done.exit_code == code, done.output
    if "json" not in arguments:
        return [], done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()], done.stdout


def test_every_dockerfile_is_a_row_whatever_it_is(fleet: Path) -> None:
    found, _ = scan(fleet, "--format", "json")
    assert {(row["file"], row["outcome"]) for row in found} == {
        (f"{fleet}/shop/Dockerfile", "rewritten"),
        (f"{fleet}/broken/Dockerfile", "failed"),
    }
    assert {row["repository"] for row in found} == {f"{fleet}/shop", f"{fleet}/broken"}
    shop = next(row for row in found if row["outcome"] == "rewritten")
    assert shop["saving"] > 500_000_000


def test_the_summary_says_where_to_start(fleet: Path) -> None:
    _, text = scan(fleet)
    assert text.startswith("2 Dockerfiles in 2 repositories, about ")
    start = text.partition("Largest savings:")[2]
    assert f"{fleet}/shop/Dockerfile" in start
    assert f"{fleet}/broken/Dockerfile: SL002" in start


def test_a_list_names_directories_and_addresses(fleet: Path, tmp_path: Path) -> None:
    commit(fleet / "shop")
    listed = tmp_path / "repos.txt"
    listed.write_text(
        f"# ours\nfile://{fleet}/shop\n\nfleet/empty # has none\nfile://{tmp_path}/gone\nfleet/broken\n"
    )
    found, _ = scan(listed, "--format", "json")
    outcomes = {row["repository"]: (row["file"], row["outcome"], row["reasons"][0][:5]) for row in found}
    assert outcomes[f"file://{fleet}/shop"][:2] == ("Dockerfile", "rewritten")
    assert outcomes[f"{tmp_path}/fleet/empty"] == ("", "absent", "SL907")
    assert outcomes[f"file://{tmp_path}/gone"][1:] == ("failed", "SL908")
    assert outcomes[f"{tmp_path}/fleet/broken"][1:] == ("failed", "SL002")
    assert len(found) == 4


def test_a_dockerfile_is_no_list(fleet: Path) -> None:
    (found,), _ = scan(fleet / "shop" / "Dockerfile", "--format", "json")
    assert (found["repository"], found["file"]) == (f"{fleet}/shop", f"{fleet}/shop/Dockerfile")


def test_an_interrupted_scan_goes_on(fleet: Path, tmp_path: Path) -> None:
    results = tmp_path / "rows.jsonl"
    whole, _ = scan(fleet, "--format", "json", "--output", results)
    lines = results.read_bytes().splitlines(keepends=True)
    assert [json.loads(line) for line in lines] == whole
    kept = {**json.loads(lines[0]), "seconds": 12345}
    results.write_bytes(json.dumps(kept).encode() + b"\n" + lines[1][:20])  # killed while it wrote
    again, _ = scan(fleet, "--format", "json", "--output", results)
    assert [row["seconds"] == 12345 for row in again] == [True, False]
    assert [row["file"] for row in again] == [row["file"] for row in whole]
    # whole lines again, so that a third run has nothing to do
    assert len([json.loads(line) for line in results.read_text().splitlines()]) == len(whole)


def test_what_was_not_asked_for_stays_and_what_was_asked_otherwise_is_done_anew(
    fleet: Path, tmp_path: Path
) -> None:
    results = tmp_path / "rows.jsonl"
    scan(fleet / "shop", "--output", results)
    scan(fleet / "broken", "--output", results)
    assert len(results.read_text().splitlines()) == 2
    (again,), _ = scan(fleet / "shop", "--format", "json", "--output", results, "--base", "same")
    assert (again["rung"], again["by"].partition(" --")[2]) == ("same-base", "base same")
    kept = [json.loads(line) for line in results.read_text().splitlines()]
    assert [row["repository"] for row in kept] == [f"{fleet}/broken", f"{fleet}/shop"]


def test_what_failed_is_tried_again_on_request(fleet: Path, tmp_path: Path) -> None:
    results = tmp_path / "rows.jsonl"
    scan(fleet, "--output", results)
    (fleet / "broken" / "Dockerfile").write_text("FROM golang\n")
    (fleet / "shop" / "Dockerfile").write_text("FORM golang\n")

    def outcomes(*words: str) -> list[str]:
        found, _ = scan(fleet, "--format", "json", "--output", results, *words)
        return [row["outcome"] for row in sorted(found, key=lambda row: row["file"])]

    assert outcomes() == ["failed", "rewritten"]
    assert outcomes("--retry") == ["unchanged", "rewritten"]


def test_two_scans_do_not_write_to_one_file(fleet: Path, tmp_path: Path) -> None:
    with ResultsFile(tmp_path / "rows.jsonl"):
        scan(fleet, "--output", tmp_path / "rows.jsonl", code=4)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_kill_leaves_nothing_behind(fleet: Path, tmp_path: Path, number: int) -> None:
    """Neither processes nor what they had made; what is done is in the file, and a second run goes on."""
    (fleet / "shop" / "Dockerfile").write_text(PLAIN + "RUN true\n" * 2000)  # takes a while
    commit(fleet / "shop")
    listed, results, temporary = tmp_path / "list", tmp_path / "rows.jsonl", tmp_path / "tmp"
    listed.write_text(f"file://{fleet}/broken\nfile://{fleet}/shop\n")
    temporary.mkdir()
    words = [sys.executable, "-m", "slimify", "scan", str(listed), "--jobs", "2", "--output", str(results)]
    env = {**os.environ, "TMPDIR": str(temporary)}
    run = subprocess.Popen(words, env=env, stderr=subprocess.PIPE)
    try:
        until(lambda: results.exists() and results.read_bytes() and any(temporary.iterdir()))
        run.send_signal(number)
        assert run.wait(pool.CLEANUP_SECONDS) != 0
        until(lambda: not started_with(temporary) and not any(temporary.iterdir()))
    finally:
        for pid in started_with(temporary):
            os.kill(pid, signal.SIGKILL)
    assert b"Traceback" not in run.communicate()[1]
    before = results.read_bytes().splitlines()
    (fleet / "shop" / "Dockerfile").write_text(PLAIN)
    commit(fleet / "shop")
    scan(listed, "--output", results)
    assert results.read_bytes().splitlines()[: len(before)] == before


def until(condition: Callable[[], object], seconds: float = 2 * pool.CLEANUP_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def started_with(temporary: Path) -> list[int]:
    """The processes for which this is the directory of temporary files."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={temporary}\0".encode() in file.read_bytes():
                found.append(int(file.parent.name))
    return found


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(
            ["nowhere"],
            2,
            "slimify scan: nowhere is neither a directory nor a readable list",
            id="no such path",
        ),
        pytest.param([".", "--output", "notes.txt"], 2, "not a result of slimify scan", id="another file"),
        pytest.param(
            [".", "--output", "open.txt"], 2, "not a result of slimify scan", id="without a line end"
        ),
        pytest.param([".", "--shard", "3/2"], 2, "2/8", id="a shard that is not there"),
        pytest.param(["--merge"], 2, "needs files", id="nothing to merge"),
        pytest.param(["--merge", "notes.txt"], 2, "not a result of slimify scan", id="no rows to merge"),
        pytest.param(["--merge", "gone.jsonl"], 2, "cannot read gone.jsonl", id="a file that is not there"),
        pytest.param(["--merge", ".", "--verify"], 2, "--verify", id="merges and builds"),
        pytest.param([".", "--builds", "2"], 2, "need --verify", id="builds without need"),
        pytest.param([".", "--html", "no/page.html"], 2, "is not a directory", id="no place for the page"),
    ],
)
def test_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    (tmp_path / "notes.txt").write_text("shopping\n")
    (tmp_path / "open.txt").write_text("shopping")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["scan", *arguments])
    assert (done.exit_code, words in done.output) == (code, True), done.output
    assert (tmp_path / "notes.txt").read_text() == "shopping\n"
    assert (tmp_path / "open.txt").read_text() == "shopping"


def test_shards_share_the_repositories() -> None:
    work = [WorkItem(f"repo{n}", f"repo{n}/{name}") for n in range(200) for name in ("a", "b")]
    parts = [[w for w in work if is_in_part(w, part, 3)] for part in (1, 2, 3)]
    assert sorted(w.key for part in parts for w in part) == sorted(w.key for w in work)
    assert all(len(part) > 100 for part in parts)
    for part in parts:  # a repository is in one of them
        assert len(part) == 2 * len({w.repository for w in part})


def test_rows_of_several_jobs_are_merged(fleet: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"rows-{part}.jsonl" for part in (1, 2)]
    for part, name in enumerate(names, 1):
        scan(fleet, "--shard", f"{part}/2", "--output", name)
    whole, _ = scan(fleet, "--format", "json")
    results, page = tmp_path / "rows.jsonl", tmp_path / "fleet.html"
    merged, _ = scan("--merge", *names, "--format", "json", "--output", results, "--html", page)
    alike = [{row["file"]: {**row, "seconds": 0} for row in rows} for rows in (whole, merged)]
    assert alike[0] == alike[1]
    assert len(merged) == len(whole) == len(results.read_text().splitlines())
    assert "shop/Dockerfile" in page.read_text()
    # the summary of merged rows is that of the scan
    assert scan("--merge", *names)[1] == scan(fleet)[1]


def test_of_rows_merged_twice_the_later_ones_count(fleet: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    scan(fleet, "--output", first)
    repository(fleet / "broken", {"Dockerfile": "FROM golang\n"})
    scan(fleet / "broken", "--output", second)
    (tmp_path / "cut.jsonl").write_bytes(second.read_bytes()[:30])  # the job was killed while it wrote
    found, _ = scan("--merge", first, second, tmp_path / "cut.jsonl", first, "--format", "json")
    assert {row["outcome"] for row in found if row["file"].endswith("broken/Dockerfile")} == {"failed"}
    found, _ = scan("--merge", first, second, "--format", "json", "--output", first)
    assert {row["outcome"] for row in found} == {"rewritten", "unchanged"}
    assert len(first.read_text().splitlines()) == len(found) == 2


def test_the_innermost_repository_owns_a_dockerfile(tmp_path: Path) -> None:
    repository(tmp_path / "all", {"Dockerfile": PLAIN, "part/Dockerfile": PLAIN})
    repository(tmp_path / "all" / "inner", {"Dockerfile": PLAIN})
    found = {
        work.file.removeprefix(f"{tmp_path}/"): Path(work.repository).name
        for work in work_items([str(tmp_path)])
    }
    assert found == {"all/Dockerfile": "all", "all/part/Dockerfile": "all", "all/inner/Dockerfile": "inner"}


def test_a_process_that_dies_stops_no_other_work() -> None:
    names = [f"repo{n}" for n in range(6)]
    todo = [WorkItem(name) for name in (*names[:3], "deadly", *names[3:])]
    died = partial(rows.process_died_rows, row_settings=rows.RowSettings())
    answers = pool.run(todo, dying, died, 2)
    found = {row["repository"]: row["reasons"][0][:5] for part in answers for row in part}
    assert found == {**dict.fromkeys(names, rows.NO_DOCKERFILE), "deadly": rows.DIED}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a process has")
def test_a_worker_that_needs_too_much_memory_is_a_row(fleet: Path) -> None:
    (item,) = work_items([str(fleet / "shop")])
    died = partial(rows.process_died_rows, row_settings=rows.RowSettings())
    ((row,),) = pool.run([item], hungry, died, 1)
    assert (row["outcome"], row["reasons"][0][:5]) == ("failed", rows.DIED)


def test_directories_without_end_stop_no_scan(fleet: Path) -> None:
    deep = fleet / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    for _ in range(1_100):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    try:
        found, _ = scan(fleet, "--format", "json")
    finally:
        subprocess.run(["rm", "-rf", deep], check=True)  # which pytest can't
    assert {row["outcome"] for row in found} == {"rewritten", "failed"}


def test_time_is_limited() -> None:
    with pytest.raises(TimeLimitError), time_limit(1, grace=60):
        time.sleep(60)


def test_what_takes_too_long_is_a_row_and_the_others_of_its_repository_are_too(
    fleet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = rows.dockerfiles.outcomes

    def slow(todo: Any, *rest: Any, **named: Any) -> Any:
        if todo[0][0].name.endswith("slow.Dockerfile"):
            raise TimeLimitError
        return outcomes(todo, *rest, **named)

    (fleet / "shop" / "slow.Dockerfile").write_text(PLAIN)
    (fleet / "shop" / "web.Dockerfile").write_text(PLAIN)
    commit(fleet / "shop")
    monkeypatch.setattr(rows.dockerfiles, "outcomes", slow)
    found = rows.estimated_rows(WorkItem(f"file://{fleet}/shop"), rows.RowSettings())
    assert found[0]["diff"].startswith("--- Dockerfile\n")  # without the directory of the clone
    assert [(row["file"], row["outcome"], row["reasons"][0][:5]) for row in found] == [
        ("Dockerfile", "rewritten", "SL300"),
        ("slow.Dockerfile", "failed", rows.TOO_LONG),
        ("web.Dockerfile", "rewritten", "SL300"),
    ]


def test_the_page_holds_every_row_and_no_markup_of_theirs(tmp_path: Path) -> None:
    repository(tmp_path / "a" / "<img src=x onerror=alert(1)>", {"Dockerfile": PLAIN, **GO})
    page = tmp_path / "page.html"
    scan(tmp_path / "a", "--html", page)
    text = page.read_text()
    assert "&lt;img src=x" in text
    assert "<img" not in text
    assert text.count("<details") == 1
    assert '<code class="plus">+FROM golang' in text
    html5lib.HTMLParser(strict=True).parse(text)


def test_the_same_rows_from_one_and_from_two_processes() -> None:
    def facts(jobs: str) -> list[tuple[str, str, int]]:
        done = CliRunner().invoke(app, ["scan", str(GOLDEN / "go-plain"), "--format", "json", "--jobs", jobs])
        return sorted(
            (r["file"], r["outcome"], r["saving"]) for r in map(json.loads, done.stdout.splitlines())
        )

    assert facts("1") == facts("2") != []


def test_a_clone_leaves_the_callers_index_alone(fleet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a hook, whose variables say where git works."""
    commit(fleet / "shop")
    index = fleet.parent / "index"
    monkeypatch.setenv("GIT_INDEX_FILE", str(index))
    monkeypatch.setenv("GIT_DIR", str(fleet / "broken" / ".git"))
    found, _ = scan(f"file://{fleet}/shop", "--format", "json")
    assert [row["outcome"] for row in found] == ["rewritten"]
    assert not index.exists()


def test_passwords_of_addresses_are_nowhere(fleet: Path, tmp_path: Path) -> None:
    commit(fleet / "shop")
    results = tmp_path / "rows.jsonl"
    address = f"file://me:hunter2@{fleet}/shop"  # git ignores the login of such an address
    found, _ = scan(address, "--format", "json", "-o", results, "--html", tmp_path / "page.html")
    assert found[0]["repository"] == f"file://{fleet}/shop"
    _, text = scan(address, "-o", results)
    assert "hunter2" not in results.read_text() + (tmp_path / "page.html").read_text() + text + str(found)
    failed, _ = scan("https://me:hunter2@127.0.0.1:9/x", "--format", "json")
    assert (failed[0]["outcome"], "hunter2" in str(failed)) == ("failed", False)


@pytest.mark.parametrize(
    "words", [("/dev/zero",), (".", "-o", "/dev/full"), (".", "-o", "/dev/zero")], ids=" ".join
)
def test_devices_are_no_files(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["scan", *words])
    assert done.exit_code in (2, 4)
