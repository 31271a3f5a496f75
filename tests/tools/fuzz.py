"""Looks for inputs that slimify can't take:

    python tests/tools/fuzz.py --seconds 60 --seed 1
    python tests/tools/fuzz.py --seed 1 --case shell/17      # one of them again, with the traceback

Each case runs in a process and a directory of its own, without privileges and within limits. What is found: a
crash, a hang, work that grows faster than the file, a new file that BuildKit's parser reads otherwise, and a
second run that still changes something.
"""

from __future__ import annotations

import argparse
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import e2b_dockerfile_utils
from tools import hostile, shaped

from slimify.app.rewrite import rewrite_file
from slimify.config import load
from slimify.context.ignore_rules import IgnoreRules
from slimify.image import archive
from slimify.image.streams import ImageError
from slimify.image.tree import Files
from slimify.model.errors import SlimifyError
from slimify.publish import client as clients
from slimify.publish import gitea, github, gitlab
from slimify.publish.client import Client, Response
from slimify.publish.model import NewPullRequest, Remote
from slimify.publish.token import Token
from slimify.syntax.dockerfile.parser import encode, parse

_SECONDS, _WAIT = 20, 600  # of the processor, and on the wall
_MEMORY = 2 << 30
_FAULTS = ("SL910", "SL999")
_SHELL = (".sh", "Makefile", "package.json", ".yaml", ".yml", ".toml", ".cfg", "Procfile")

Target = Callable[[Random, Path], str]


# --- targets: what is wrong with a case, "" if nothing is -------------------------------------------


def dockerfile(random: Random, directory: Path) -> str:
    hostile.write(random, hostile.project(random, lambda name: name == "Dockerfile"), directory)
    return _rewritten(directory)


def shell(random: Random, directory: Path) -> str:
    hostile.write(random, hostile.project(random, lambda name: name.endswith(_SHELL)), directory)
    return _rewritten(directory)


def sources(random: Random, directory: Path) -> str:
    hostile.write(random, hostile.project(random, lambda name: name != "Dockerfile"), directory)
    return _rewritten(directory)


def values(random: Random, directory: Path) -> str:
    hostile.write(random, shaped.project(random), directory)
    return _rewritten(directory)


def ignore(random: Random, directory: Path) -> str:
    lines = (
        "".join(random.choices(hostile.RULES, k=random.randint(0, 30))) for _ in range(random.randint(1, 20))
    )
    text = "\n".join(lines)
    rules = IgnoreRules.parse(text)
    for _ in range(20):
        path = "/".join(
            "".join(random.choices("ab.é *", k=random.randint(1, 20))) for _ in range(random.randint(1, 9))
        )
        rules.ignores(path)
        rules.may_reinclude(path)
    files = {**random.choice(hostile.projects()), ".dockerignore": text.encode()}
    hostile.write(random, files, directory)
    return _rewritten(directory)


def images(random: Random, _directory: Path) -> str:
    try:
        found = archive.read(BytesIO(hostile.archive(random)))
        for entry in Files(found.layers).walk():
            str(entry)
    except ImageError:
        pass
    return ""


def settings(random: Random, directory: Path) -> str:
    (directory / "slimify.toml").write_bytes(hostile.settings(random))
    (directory / "Dockerfile").write_text("FROM golang:1.22\nCOPY . .\nRUN go build -o /a .\nCMD /a\n")
    try:
        load(directory, directory / "Dockerfile", {})
    except SlimifyError:
        return ""
    return _rewritten(directory)


def forges(random: Random, _directory: Path) -> str:
    def answer(*_: Any) -> Response:
        status = random.choice((200, 200, 201, 202, 204, 301, 401, 403, 404, 422, 429, 500, 999))
        return Response(status, clients._json(hostile.json_text(random)), hostile.headers(random))

    clients._exchange, clients.time.sleep = answer, lambda _: None  # in this process alone
    kind, make = random.choice([("github", github.GitHub), ("gitlab", gitlab.GitLab), ("gitea", gitea.Gitea)])
    remote = Remote(kind=kind, host="h", path="a/b", api="http://127.0.0.1:1/api")
    forge = make(remote, Client(url=remote.api, name=kind, token=Token("t")))
    draft = NewPullRequest(title="a", body="b", branch="c", base="d", labels=("x",), reviewers=("y", "o/z"))
    try:
        home = forge.repository()
        forge.is_protected(home, "main")
        for request in (*forge.requests(home, "c"), *forge.open_requests(home)):
            forge.describe(request, "b")
            forge.close(request, "b", "c")
        forge.create(home, draft)
        forge.fork()
    except SlimifyError as error:
        error.message.encode("utf-8", "surrogatepass")
    return ""


def growth(random: Random, directory: Path) -> str:
    """The same piece of a file, more and more often."""
    text = random.choice(hostile.projects())["Dockerfile"].decode("utf-8", "replace")
    lines = hostile.changed(random, text.encode()).decode("utf-8", "replace").splitlines(keepends=True) or [
        ""
    ]
    at = random.randrange(len(lines))
    piece = random.choice(
        [lines[at], " ".join(random.choices(hostile.PIECES, k=3)), random.choice(hostile.PIECES)]
    )
    before = 0.0
    for number in (50, 200):
        (directory / "Dockerfile").write_text("".join([*lines[:at], piece * number, *lines[at:]]), newline="")
        start = time.process_time()
        outcome = rewrite_file(directory / "Dockerfile")
        took = time.process_time() - start
        if outcome.error is not None and outcome.error.code in _FAULTS:
            return f"crash: {outcome.error.message}"
        if before and took > max(2.0, 10 * before):
            return f"growth: {before:.2f} s, then {took:.2f} s for four times {piece!r}"
        before = max(took, 0.05)
    return ""


TARGETS: dict[str, Target] = {
    "dockerfile": dockerfile,
    "shell": shell,
    "sources": sources,
    "values": values,
    "ignore": ignore,
    "archives": images,
    "settings": settings,
    "forges": forges,
    "growth": growth,
}


def _rewritten(directory: Path) -> str:
    """What is wrong with the outcome of the Dockerfile of a directory."""
    path = directory / "Dockerfile"
    outcome = rewrite_file(path)
    if outcome.error is not None:
        return f"crash: {outcome.error.message}" if outcome.error.code in _FAULTS else ""
    if outcome.after is None:
        return ""
    ours = [instruction.keyword for instruction in parse(encode(outcome.after)).instructions]
    try:
        theirs = [i.name for i in e2b_dockerfile_utils.parse_dockerfile_ast(outcome.after).instructions]
    except Exception as error:
        return f"invalid: {error}"
    if ours != theirs:
        return f"invalid: BuildKit reads {theirs}, slimify {ours}"
    path.unlink()
    path.write_bytes(encode(outcome.after))
    again = rewrite_file(path)
    return "" if again.kind == "unchanged" else f"unstable: the second run is {again.kind}"


# --- the run ----------------------------------------------------------------------------------------


def problem_of(name: str, seed: str, directory: Path, *, shown: bool = False) -> str:
    """What is wrong with the case of this name, which runs in a process of its own."""
    directory.mkdir(mode=0o700)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _run_case(name, seed, directory, writer, shown=shown)
    os.close(writer)
    answer = b""
    while select.select([reader], [], [], _WAIT)[0] and (part := os.read(reader, 1 << 16)):
        answer += part
    os.close(reader)
    if not answer:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    _remove(directory)
    if answer:
        return answer[1:].decode("utf-8", "replace")
    return f"hang or crash: the process ended with {os.waitstatus_to_exitcode(status)}"


def _remove(directory: Path) -> None:
    for path in directory.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(directory, ignore_errors=True)


def _run_case(name: str, seed: str, directory: Path, writer: int, *, shown: bool) -> NoReturn:
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if not shown:
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        os.chdir(directory)
        try:
            found = TARGETS[name.partition("/")[0]](Random(f"{seed}/{name}"), directory)
        except Exception as error:
            if shown:
                raise
            place = error.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            at = (
                f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
                if place is not None
                else ""
            )
            found = f"crash: {type(error).__name__} at {at}: {error}"
        os.write(writer, b"+" + found[:2000].encode("utf-8", "replace"))
    finally:
        os._exit(0)


def cases(targets: list[str], seconds: float) -> Iterator[str]:
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for target in targets:
            yield f"{target}/{number}"
        number += 1


def _without_privileges() -> None:
    """Root starts this program again as a user that may read everything and write nothing."""
    if os.geteuid() == 0:
        only = "-all,+dac_read_search"
        kept = [f"--{kind}={only}" for kind in ("inh-caps", "ambient-caps", "bounding-set")]
        user = ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
        os.execvp("setpriv", ["setpriv", *user, *kept, sys.executable, *sys.argv])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--case", help="TARGET/NUMBER of one case")
    given = parser.parse_args()
    _without_privileges()
    counts: Counter[str] = Counter()
    problems: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="slimify-fuzz-") as folder:
        os.environ.update(HOME=folder, XDG_CONFIG_HOME=folder, GIT_CEILING_DIRECTORIES=folder)
        if given.case:
            os.environ["SLIMIFY_DEBUG"] = "1"
            print(problem_of(given.case, given.seed, Path(folder, "case"), shown=True) or "nothing found")
            return 0
        for target in TARGETS.values():  # imports and tables, once for all cases
            with tempfile.TemporaryDirectory(dir=folder) as warm:
                os.chdir(warm)
                if target is not forges:
                    target(Random("warm"), Path(warm))
        for number, name in enumerate(cases(given.targets, given.seconds)):
            found = problem_of(name, given.seed, Path(folder, str(number)))
            counts[name.partition("/")[0]] += 1
            if found:
                problems[name] = found
                print(f"{name}: {found}", flush=True)
        os.chdir("/")
    ran = ", ".join(f"{count} {target}" for target, count in counts.items())
    print(f"seed {given.seed}: {counts.total()} cases ({ran}), {len(problems)} with a problem")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
