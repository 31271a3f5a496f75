"""What is asked of a container, and what follows from the answers, without an engine."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from support import slowness

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem, RunOptions, State
from slimify.verify import behaviour, listening_ports, pages, run_container, web
from slimify.verify.disk.start_commands import health_command
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe, Request, Run
from slimify.verify.reruns import Reruns
from slimify.verify.web import Answer

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"


def socket_row(address: str, state: str = "0A") -> str:
    return f"   0: {address} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 1000 0 33 1"


TABLES: list[tuple[str, str, set[int]]] = [
    ("nothing", HEADER, set()),
    ("no such file", "cat: /proc/net/tcp6: No such file or directory", set()),
    ("everywhere", socket_row("00000000:1F90"), {8080}),
    ("everywhere, IPv6", socket_row("00000000000000000000000000000000:0BB8"), {3000}),
    ("an own address", socket_row("020011AC:0050"), {80}),
    ("only itself", socket_row("0100007F:1F90"), set()),
    ("the engine's name server", socket_row("0B00007F:A2C4"), set()),
    ("only itself, IPv6", socket_row("00000000000000000000000001000000:1F90"), set()),
    ("only itself, mapped", socket_row("0000000000000000FFFF00000100007F:1F90"), set()),
    ("a connection", socket_row("020011AC:1F90", "01"), set()),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_listening_sockets(text: str, expected: set[int]) -> None:
    assert set(listening_ports.parse_tables(f"{HEADER}\n{text}\n")) == expected


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{self.path} here".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[int]:
    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield site.server_address[1]
    site.shutdown()
    site.server_close()


@dataclass
class Container:
    """As much of an engine as `observe` needs: a container in which servers of this process listen."""

    places: dict[int, int] = field(default_factory=dict)  # its ports: those of the servers
    tables: str = ""
    runs: bool = True
    problem: EngineProblem | None = None
    gone: bool = False
    looks: int | None = None  # after so many looks at it, it has ended

    def start(self, image: str, options: RunOptions) -> str:
        if self.problem:
            raise self.problem
        return "c"

    def state(self, container: str) -> State:
        if self.looks is not None:
            self.looks -= 1
            self.runs = self.looks > 0
        return State(running=self.runs, exit_code=None if self.runs else 3)

    def address(self, container: str, port: int) -> tuple[str, int] | None:
        return ("127.0.0.1", self.places[port]) if port in self.places else None

    def logs(self, container: str) -> str:
        return ""

    def execute(self, container: str, command: Any, timeout: float) -> tuple[int, str]:
        return 0, self.tables

    def stop(self, container: str, seconds: float) -> None:
        self.runs = False

    def remove(self, container: str) -> None:
        self.gone = True


def observed(container: Container, *asked: int, probe: Probe | None = None) -> Observation:
    return run_container.observe(cast(Engine, container), "image", asked, probe or Probe(seconds=1))


def test_every_port_that_listens_is_asked(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_container, "_FURTHER_PORTS_WAIT", 0.1)
    seen = observed(Container({80: server, 81: server}), 80, 81, 82)
    assert seen.ready == "listening on 80, 81"
    assert {name: answer.body for name, answer in seen.answers.items()} == {
        "GET /": b"/ here",
        "GET / on 81": b"/ here",
    }


SITE = {
    "/": (302, "text/plain", b"", "/login?next=/"),
    "/login?next=/": (
        200,
        "text/html",
        b'<link rel="stylesheet" href="/app.css"><script src="js/app.js"></script><a href="/logout">out</a>'
        b'<img src="data:image/png;base64,xx"><script src="https://cdn.example/x.js"></script>',
        "",
    ),
    "/app.css": (200, "text/css", b"a{}", ""),
    "/js/app.js": (404, "text/plain", b"", ""),
}


def test_a_page_is_asked_with_what_leads_to_it_and_what_it_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(host: str, port: int, request: Request, timeout: float = 0) -> Answer:
        status, kind, body, location = SITE[request.path]
        return Answer(status=status, kind=kind, body=body, location=location)

    monkeypatch.setattr(web, "ask", ask)
    monkeypatch.setattr(web, "listens", lambda host, port: True)
    seen = observed(Container({80: 1}), 80)
    assert {name: answer.status for name, answer in seen.answers.items()} == {
        "GET /": 302,
        "GET /login?next=/": 200,
        "GET /app.css": 200,
        "GET /js/app.js": 404,
    }


STYLE = {"GET /": Answer(status=200), "GET /a.css": Answer(status=200)}
LED: list[tuple[str, dict[str, Answer], dict[str, bool]]] = [
    ("it is gone", {**STYLE, "GET /a.css": Answer(status=404)}, {"GET /": True, "GET /a.css": False}),
    ("the name is another one", {"GET /": Answer(status=200)}, {"GET /": True, "GET /a.css": True}),
    ("the page is gone", {}, {"GET /": False, "GET /a.css": True}),
]


@pytest.mark.parametrize(("after", "expected"), [row[1:] for row in LED], ids=[row[0] for row in LED])
def test_what_a_page_loads_is_compared(after: dict[str, Answer], expected: dict[str, bool]) -> None:
    checks = compared(did(answers=STYLE), did(answers=after))
    assert {name: ok for name, ok in checks.items() if name.startswith("GET")} == expected


FOUND, LOST, NO_HTTP = Answer(status=200), Answer(status=404), Answer(status=None)
ASTRAY: list[tuple[str, dict[str, Answer], dict[str, Answer], bool]] = [
    ("another name", {"GET /a.1.js": FOUND}, {"GET /a.2.js": FOUND}, True),
    ("another name that is not there", {"GET /a.1.js": FOUND}, {"GET /a.2.js": LOST}, False),
    ("another name without an answer", {"GET /a.1.js": FOUND}, {"GET /a.2.js": NO_HTTP}, False),
    ("neither is there", {"GET /a.1.js": LOST}, {"GET /a.2.js": LOST}, True),
]


@pytest.mark.parametrize(("old", "new", "equal"), [row[1:] for row in ASTRAY], ids=[row[0] for row in ASTRAY])
def test_what_only_the_new_page_leads_to_is_there_too(
    old: dict[str, Answer], new: dict[str, Answer], equal: bool
) -> None:
    page = {"GET /": Answer(status=200)}
    assert all(compared(did(answers=page | old), did(answers=page | new)).values()) is equal


@pytest.mark.parametrize(
    ("code", "expected", "ok"), [(127, None, False), (126, None, False), (127, 127, True), (1, None, True)]
)
def test_a_command_that_neither_image_can_run_proves_nothing(
    code: int, expected: int | None, ok: bool
) -> None:
    run = Run(command=("x",), exit=expected)
    check = behaviour.compare_outputs(run, (code, "x: not found"), (code, "x: not found"), Probe())
    assert check.ok is ok
    assert all(finding.original for finding in check.findings)


TESTS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({}, ()),
    ({"Healthcheck": {"Test": ["NONE"]}}, ()),
    ({"Healthcheck": {"Interval": 5}}, ()),
    ({"Healthcheck": {"Test": ["CMD", "app", "--check"]}}, ("app", "--check")),
    ({"Healthcheck": {"Test": ["CMD-SHELL", "a || b"]}}, ("/bin/sh", "-c", "a || b")),
    (
        {"Healthcheck": {"Test": ["CMD-SHELL", "a"]}, "Shell": ["/bin/bash", "-ec"]},
        ("/bin/bash", "-ec", "a"),
    ),
]


@pytest.mark.parametrize(("config", "command"), TESTS)
def test_the_command_of_a_health_check(config: dict[str, Any], command: tuple[str, ...]) -> None:
    assert health_command(config) == command


WELL, ILL = (0, "ok"), (1, "no curl")
CHECKED: list[tuple[str, tuple[int, str], tuple[int, str], tuple[int, str], bool]] = [
    ("both well", WELL, WELL, WELL, True),
    ("both ill, by other codes", ILL, (7, "refused"), ILL, True),
    ("ill alone", WELL, ILL, WELL, False),
    ("well alone", ILL, WELL, ILL, False),
    ("ill at times", WELL, ILL, ILL, True),
]


@pytest.mark.parametrize(
    ("before", "after", "again", "equal"), [row[1:] for row in CHECKED], ids=[row[0] for row in CHECKED]
)
def test_health_checks(
    before: tuple[int, str], after: tuple[int, str], again: tuple[int, str], equal: bool
) -> None:
    reruns = Reruns(lambda: did(health=again), lambda: did(health=again))
    checks = behaviour.compare(did(health=before), did(health=after), Probe(), reruns)
    assert all(check.ok for check in checks) is equal


def test_a_health_check_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_container, "_HEALTH_INTERVAL", 0)
    container, codes = Container(), [1, 1, 0]
    monkeypatch.setattr(
        container, "execute", lambda name, command, timeout: (codes.pop(0), ""), raising=False
    )
    probe = Probe(seconds=1, port=80)
    seen = run_container.observe(cast(Engine, container), "image", (80,), probe, health=("app", "--check"))
    assert (seen.health, codes) == ((0, ""), [])


LEADS: list[tuple[str, str, Answer, tuple[str, ...]]] = [
    ("a redirect", "/", Answer(status=302, location="/login"), ("/login",)),
    ("to a place beside", "/a/b", Answer(status=301, location="c"), ("/a/c",)),
    ("with the host that was asked for", "/", Answer(status=301, location="http://localhost/x"), ("/x",)),
    ("to another server", "/", Answer(status=302, location="https://id.example/login"), ()),
    ("in a circle", "/", Answer(status=302, location="/"), ()),
    ("to nowhere", "/", Answer(status=302), ()),
    ("no page", "/", Answer(status=200, kind="application/json", body=b'<img src="/a">'), ()),
    ("an error", "/", Answer(status=500, kind="text/html", body=b'<img src="/a">'), ()),
    (
        "links and feeds are left alone",
        "/",
        Answer(
            status=200, kind="text/html", body=b'<a href="/x"></a><link rel="alternate" href="/f"><img src=y>'
        ),
        ("/y",),
    ),
    ("an address that is none", "/", Answer(status=302, location="http://[x"), ()),
]


@pytest.mark.parametrize(
    ("path", "answer", "expected"), [row[1:] for row in LEADS], ids=[row[0] for row in LEADS]
)
def test_where_an_answer_leads(path: str, answer: Answer, expected: tuple[str, ...]) -> None:
    assert pages.next_paths(path, answer) == expected


def test_the_users_requests_go_to_the_first(server: int) -> None:
    probe = Probe(seconds=5, http=(Request(path="/a"),))
    assert list(observed(Container({80: server, 81: server}), 80, 81, probe=probe).answers) == ["GET /a"]


def test_where_nothing_says_what_it_listens_on_the_kernel_is_asked() -> None:
    container = Container(tables=socket_row("00000000:1F90"))
    seen = observed(container)
    assert (seen.ready, seen.unasked_ports, seen.answers) == ("running", (8080,), {})
    assert container.gone


def test_where_else_it_listens_is_seen(server: int) -> None:
    tables = f"{socket_row('00000000:0050')}\n{socket_row('00000000:1F90')}"
    seen = observed(Container({80: server}, tables=tables), 80)
    assert (seen.ready, seen.unasked_ports) == ("listening on 80", (8080,))


def test_a_port_that_the_user_names_is_the_only_one() -> None:
    seen = observed(Container(tables=socket_row("00000000:1F90")), 80, probe=Probe(seconds=1, port=80))
    assert seen.unasked_ports == ()


def did(**known: Any) -> Observation:
    return Observation(**{"exit_code": None, "ready": "running", "start": 1, **known})


def compared(before: Observation, after: Observation, probe: Probe | None = None) -> dict[str, bool]:
    checks = behaviour.compare(before, after, probe or Probe(), Reruns(lambda: before, lambda: before))
    return {check.name: check.ok for check in checks}


def test_of_what_could_not_be_started_no_log_is_compared() -> None:
    broken = did(problem="no network x")
    assert compared(broken, broken) == {"start": True}


def test_what_could_not_be_asked_is_not_proven() -> None:
    probe = Probe(http=(Request(path="/login", status=200),), exec=(Run(command=("true",)),))
    ended = did(exit_code=1, ready="ended")
    assert compared(ended, ended) == {"start": True, "log": True}
    assert compared(ended, ended, probe) == {
        "start": True,
        "GET /login": False,
        "`true`": False,
        "log": True,
    }
    answers = {"GET /login": Answer(status=200)}
    asked = did(answers=answers, outputs={"true": (0, "")})
    assert all(compared(asked, asked, probe).values())


STARTS: list[tuple[str, Observation, Observation, bool]] = [
    ("both run", did(), did(), True),
    ("one ends", did(), did(exit_code=0, ready="ended"), False),
    ("other exit codes", did(exit_code=0), did(exit_code=1), False),
    ("one can't be started", did(), did(problem="no such file"), False),
    ("neither, for one reason", did(problem="no network x"), did(problem="no network x"), True),
    ("neither, for two reasons", did(problem="no network x"), did(problem='exec: "app": not found'), False),
]


@pytest.mark.parametrize(
    ("before", "after", "equal"), [row[1:] for row in STARTS], ids=[row[0] for row in STARTS]
)
def test_starts(before: Observation, after: Observation, equal: bool) -> None:
    assert compared(before, after)["start"] is equal


def page(text: str, log: str = "", status: int = 200) -> Observation:
    return did(answers={"GET /": Answer(status=status, kind="text/html", body=text.encode())}, log=log)


AGAIN: list[tuple[str, Observation, Observation, Observation, Observation, bool, int]] = [
    ("what a build chooses anew", page("v-Xy z"), page("v-Ab z"), page("v-Xy z"), page("v-K_d-e z"), True, 1),
    ("a line of a build's", page("x", "b 1"), page("x", "b 2"), page("x", "b 1"), page("x", "b 3"), True, 1),
    ("what a run chooses anew", page("1 z"), page("2 z"), page("3 z"), page("", status=500), True, 0),
    ("another page", page("a z"), page("b z"), page("a z"), page("a z"), False, 1),
    ("an error is not looked into", page("a", "x"), page("b", "y", 500), page("a", "x"), page(""), False, 0),
]


@pytest.mark.parametrize(
    ("before", "after", "again", "rebuilt", "equal", "builds"),
    [row[1:] for row in AGAIN],
    ids=[row[0] for row in AGAIN],
)
def test_what_the_original_does_otherwise_itself(
    before: Observation,
    after: Observation,
    again: Observation,
    rebuilt: Observation,
    equal: bool,
    builds: int,
) -> None:
    built = []
    reruns = Reruns(lambda: again, lambda: built.append(1) or rebuilt)  # type: ignore[func-returns-value]
    checks = behaviour.compare(before, after, Probe(), reruns)
    assert all(check.ok for check in checks) is equal
    assert len(built) == builds


def test_a_status_that_the_original_does_not_have_is_its_own_fault() -> None:
    probe = Probe(http=(Request(path="/", status=200),))
    failing = did(answers={"GET /": Answer(status=500)})
    (finding,) = (
        finding
        for check in behaviour.compare(failing, failing, probe, Reruns(lambda: failing, lambda: failing))
        for finding in check.findings
    )
    assert finding.original
    assert "status 500, not 200" in finding.text


def _seen(**values: Any) -> Observation:
    return Observation(**{"exit_code": None, "ready": "running", "start": 1.0, "log": "x", **values})


UNPROVEN: list[tuple[str, Observation, tuple[int, ...], Probe, str]] = [
    ("a page", _seen(answers={"GET /": FOUND}), (80,), Probe(), ""),
    ("one page of two", _seen(answers={"GET /": LOST, "GET / on 81": FOUND}), (80, 81), Probe(), ""),
    ("it came to its end", _seen(exit_code=0, log="done"), (), Probe(), ""),
    ("a command was run", _seen(), (), Probe(exec=(Run(command=("x",)),)), ""),
    ("the user wants it so", _seen(answers={"GET /x": LOST}), (80,), Probe(http=(Request(path="/x"),)), ""),
    ("no page", _seen(answers={"GET /": LOST}), (80,), Probe(), "answers GET / with 404: no working page"),
    (
        "behind a redirect",
        _seen(answers={"GET /": Answer(status=302), "GET /a": LOST}),
        (80,),
        Probe(),
        "GET /a with 404: no working page",
    ),
    (
        "no HTTP",
        _seen(answers={"GET /": NO_HTTP}),
        (80,),
        Probe(),
        "with no HTTP: no working page",
    ),
    ("nothing listened", _seen(), (80,), Probe(seconds=5), "nothing listened on 80 within 5 s"),
    (
        "another port",
        _seen(answers={"GET /": FOUND}, unasked_ports=(9090,)),
        (80,),
        Probe(),
        "also listens on 9090",
    ),
    ("a port of the moment", _seen(answers={"GET /": FOUND}, unasked_ports=(43210,)), (80,), Probe(), ""),
    ("nothing to ask", _seen(), (), Probe(), "only start, log and stop were compared"),
    ("it failed", _seen(exit_code=1, log="a\nno database\n"), (), Probe(), "exit code 1 (“no database”)"),
    (
        "it failed, as Node tells it",
        _seen(exit_code=1, log="throw e\n  ^\n\nError: no key\n    at x.js:1\n}\n\nNode.js v20.1.0\n"),
        (),
        Probe(),
        "exit code 1 (“Error: no key”)",
    ),
    ("a server that ended", _seen(exit_code=0), (80,), Probe(), "without listening on 80"),
    ("it said nothing", _seen(exit_code=0, log=""), (), Probe(), "no behaviour was observed"),
    ("it could not be started", _seen(problem="x"), (), Probe(), "could not be started here (“x”)"),
    (
        "containerd and runc say why",
        _seen(
            problem="failed to create task for container: OCI runtime create failed: runc create failed: "
            'unable to start container process: exec: "fastapi": executable file not found'
        ),
        (),
        Probe(),
        '(“exec: "fastapi": executable file not found”)',
    ),
]


@pytest.mark.parametrize(
    ("seen", "asked", "probe", "text"), [row[1:] for row in UNPROVEN], ids=[row[0] for row in UNPROVEN]
)
def test_what_was_not_proven_is_said(
    seen: Observation, asked: tuple[int, ...], probe: Probe, text: str
) -> None:
    found = behaviour.unproven(seen, asked, probe)
    assert len(found) == bool(text)
    assert all(text in sentence for sentence in found)


ENDED = did(exit_code=2, ready="ended")
LISTENING = did(answers={"GET /": Answer(status=200)})
RETRIES: list[tuple[str, tuple[int, ...], Observation, Observation, Observation, Observation]] = [
    ("both run", (80,), did(), did(), ENDED, did()),
    ("gives up sooner", (80,), did(), ENDED, did(), did()),
    ("ends every time", (80,), did(), ENDED, did(exit_code=1), ENDED),
    ("a worker, which has to run on", (), did(), ENDED, did(), ENDED),
    ("the original listens", (80,), LISTENING, ENDED, LISTENING, ENDED),
    ("both end", (80,), did(exit_code=1), ENDED, did(exit_code=1), ENDED),
]


@pytest.mark.parametrize(
    ("asked", "before", "after", "third", "expected"),
    [row[1:] for row in RETRIES],
    ids=[row[0] for row in RETRIES],
)
def test_only_what_never_listens_is_tried_again(
    asked: tuple[int, ...], before: Observation, after: Observation, third: Observation, expected: Observation
) -> None:
    assert behaviour.retry_unsteady_start(before, after, asked, lambda: third) == expected


@pytest.mark.parametrize(("least", "expected"), [(0.0, "running"), (60.0, "ended")])
def test_what_may_still_end_is_watched_for_longer(least: float, expected: str) -> None:
    container = cast(Engine, Container(looks=4))
    assert run_container.observe(container, "image", (80,), Probe(seconds=0), least).ready == expected


@pytest.mark.parametrize(
    ("ready", "start", "expected"),
    [("running", 30.0, 0), ("not started", 1.0, 0), ("ended", 20.0, 60), ("listening on 80", 200.0, 300)],
)
def test_how_long_the_other_image_gets(ready: str, start: float, expected: float) -> None:
    assert behaviour.minimum_watch(did(ready=ready, start=start)) == expected


@pytest.mark.parametrize(
    ("before", "after", "again", "alike"),
    [
        (143, 143, did(stop_exit_code=143), True),
        (143, 137, did(stop_exit_code=143), False),
        (137, 143, did(stop_exit_code=143), True),
        (137, 1, did(stop_exit_code=137), False),
        (137, 1, did(ready="ended", exit_code=1), True),
        (1, 137, did(ready="ended", exit_code=1), True),
        (143, 137, did(ready="ended", exit_code=1), False),
    ],
)
def test_what_ends_by_itself_is_not_what_a_stop_does(
    before: int, after: int, again: Observation, alike: bool
) -> None:
    reruns = Reruns(lambda: again, lambda: again)
    checks = behaviour.compare(did(stop_exit_code=before), did(stop_exit_code=after), Probe(), reruns)
    assert next(check.ok for check in checks if check.name == "stop") is alike


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (did(stop_exit_code=143), did(stop_exit_code=143, start=30), 0),
        (did(stop_exit_code=137), did(stop_exit_code=1, start=30), 90),
        (did(stop_exit_code=137), did(ready="ended", exit_code=1, start=20), 60),
        (did(ready="ended", exit_code=1), did(start=30), 0),
    ],
)
def test_how_long_the_original_is_watched_again(
    before: Observation, after: Observation, expected: float
) -> None:
    assert behaviour.minimum_rewatch(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (did(log="a\n"), did(log="a\n"), False),
        (did(log="a\n"), did(log="a\nTraceback\n"), True),
        (did(log="12:00:01 up\n"), did(log="12:00:02 up\n"), False),
        (did(log="a\n"), did(log="a\nb\n", ready="ended", exit_code=1), False),
        (did(log="a\n", ready="listening on 80"), did(log="b\n", ready="listening on 80"), False),
    ],
)
def test_what_was_stopped_with_another_log_is_watched_until_it_ends(
    before: Observation, after: Observation, expected: bool
) -> None:
    assert behaviour.may_end(before, after, Probe()) is expected


@pytest.mark.parametrize("text", ["<![<![", "<!a" * 90_000, "<a " * 90_000, "<!--" * 90_000, "&#" * 90_000])
def test_a_malformed_page_is_read_as_far_as_that_works(text: str) -> None:
    page = Answer(status=200, kind="text/html", body=b"<script src=a.js></script>" + text.encode())
    start = time.process_time()
    assert pages.next_paths("/", page) == ("/a.js",)
    assert time.process_time() - start < 10 * slowness()
