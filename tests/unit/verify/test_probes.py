"""Masks, probes and HTTP answers: what is volatile, what is a difference."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from slimify.model.errors import SlimifyError
from slimify.render import limits
from slimify.verify import probes, volatile_text, web
from slimify.verify.probes import Probe, Request, Run

VOLATILE = [
    ("a time", "started 2026-11-24T03:04:05.123Z", "started 2027-01-01 00:00:00+0000"),
    ("a date in a header", "Date: Tue, 24 Nov 2026 03:04:05 GMT", "Date: Wed, 25 Nov 2026 13:14:15 GMT"),
    ("a log time", "2026/11/24 03:04:05 listening", "2026/11/25 13:14:15 listening"),
    ("an id", "request 0b7f5f8e-3b0a-4f0e-9d58-1f2b3c4d5e6f", "request 1c8f5f8e-3b0a-4f0e-9d58-1f2b3c4d5e6a"),
    ("an address", "<object at 0x7f1122>", "<object at 0x7faa33>"),
    ("a host name", "host 3f2a9b1c77de", "host 9b1c77de3f2a"),
    (
        "an announcement of npm's",
        "ready\nnpm notice New major version of npm available! 10 -> 12\n",
        "ready\n",
    ),
    (
        "an announcement of pip's",
        "\x1b[1m[notice] A new release of pip is available: 24 -> 25\nready",
        "ready",
    ),
    ("colours", "\x1b[32mok\x1b[0m", "ok"),
    ("an address in the network", "from 172.17.0.2", "from 172.17.0.3"),
    ("a port that the kernel chose", "from 127.0.0.1:43210", "from 127.0.0.1:56789"),
    (
        "packages at another place",
        "/usr/local/lib/python3.12/site-packages/flask/app.py",
        "/opt/venv/lib/python3.12/site-packages/flask/app.py",
    ),
]
MEANT = [
    ("a page that speaks of them", "<p>1</p> Update available!", "<p>2</p> Update available!"),
    ("an error of npm's", "npm error code ENOENT", "npm error code EACCES"),
    ("a number", "12 templates loaded", "0 templates loaded"),
    ("a word", "listening", "refused"),
    ("a version", "express 4.18.2", "express 4.19.0"),
    ("a path", "/app/templates", "/app/static"),
    ("a short word of hexadecimal letters", "decade", "facade"),
    ("a zone", "2026-11-24T03:04:05+01:00", "2026-11-24T02:04:05Z"),
    ("a zone behind a date", "24/Nov/2026:03:04:05 +0100", "24/Nov/2026:02:04:05 +0000"),
    ("a port of its own", "on http://localhost:3000", "on http://localhost:4000"),
    ("a port that it listens on", "on 0.0.0.0:8000", "on 0.0.0.0:9000"),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in VOLATILE], ids=[row[0] for row in VOLATILE])
def test_volatile_parts_are_masked(one: str, other: str) -> None:
    assert volatile_text.masked(one) == volatile_text.masked(other)


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in MEANT], ids=[row[0] for row in MEANT])
def test_what_carries_meaning_is_not(one: str, other: str) -> None:
    assert volatile_text.masked(one) != volatile_text.masked(other)


LOGS: list[tuple[str, str, str, str, tuple[str, ...]]] = [
    ("equal", "a\nb", "a\nb", "a\nb", ()),
    ("another order", "a\nb", "b\na", "a\nb", ()),
    ("a line is missing", "a\nb", "a", "a\nb", ("- b",)),
    ("a line is new", "a", "a\nerror", "a", ("+ error",)),
    ("a number that always differs", "in 12 ms", "in 14 ms", "in 13 ms", ()),
    ("a process id", "[3] INFO worker, pid: 7", "[4] INFO worker, pid: 8", "[3] INFO worker, pid: 7", ()),
    ("a number in brackets", "rows [7]", "rows [8]", "rows [7]", ("- rows [7]", "+ rows [8]")),
    (
        "a number that never differs",
        "12 templates",
        "0 templates",
        "12 templates",
        ("- 12 templates", "+ 0 templates"),
    ),
    (
        "a number beside one that always differs",
        "12 templates in 3 ms",
        "0 templates in 4 ms",
        "12 templates in 5 ms",
        ("+ 0 templates in 4 ms",),
    ),
    ("several that always differ", "job 1 of 3", "job 3 of 9", "job 2 of 4", ()),
    ("how long it took, twice the same", "1 in 2 ms, 3 ms", "1 in 4 ms, 5 ms", "1 in 2 ms, 6 ms", ()),
    ("a line with a number that always differs is gone", "a\nin 3 ms", "a", "a\nin 4 ms", ("- in 3 ms",)),
    ("a line with a number that comes at times", "a\nin 3 ms", "a", "a", ()),
    ("a line that comes at times", "a\nretry", "a", "a", ()),
    ("a line that came the second time only", "a", "a\nretry", "a\nretry", ()),
]


@pytest.mark.parametrize(("old", "new", "again", "found"), [x[1:] for x in LOGS], ids=[x[0] for x in LOGS])
def test_a_log_is_compared_with_what_the_original_does_a_second_time(
    old: str, new: str, again: str, found: tuple[str, ...]
) -> None:
    assert (
        volatile_text.differing_lines(
            volatile_text.log_shape(old), volatile_text.log_shape(new), volatile_text.log_shape(again)
        )
        == found
    )


OPTIONS = [
    ("/", Probe(http=(Request(path="/"),))),
    ("/health=204", Probe(http=(Request(path="/health", status=204),))),
    ("POST /login?a=b", Probe(http=(Request(path="/login?a=b", method="POST"),))),
    ("python -c 'import app'", Probe(exec=(Run(command=("python", "-c", "import app")),))),
    ("/app/server --version", Probe(exec=(Run(command=("/app/server", "--version")),))),
]


@pytest.mark.parametrize(("text", "probe"), OPTIONS, ids=[row[0] for row in OPTIONS])
def test_an_option_is_a_request_or_a_command(text: str, probe: Probe) -> None:
    assert probes.parse_option(text) == probe


def test_settings() -> None:
    table = {
        "port": 8080,
        "env": {"DEBUG": 1},
        "http": ["/", {"path": "/x", "status": 404}],
        "run": [{"command": "app --help", "exit": 0}],
        "worker.Dockerfile": {"env": {"QUEUE": "q"}, "http": ["/w"]},
    }
    general = probes.parse_table(table, "Dockerfile")
    assert (general.port, general.env) == (8080, {"DEBUG": "1"})
    assert general.http == (Request(path="/"), Request(path="/x", status=404))
    assert general.run == (Run(command=("app", "--help"), exit=0),)
    worker = probes.parse_table(table, "jobs/worker.Dockerfile")
    assert worker.env == {"DEBUG": "1", "QUEUE": "q"}
    assert [request.path for request in worker.http] == ["/", "/x", "/w"]


ALL: dict[str, Any] = {
    "port": 80,
    "seconds": 1.5,
    "env": {"A": 1},
    "volumes": ["./d:/d"],
    "options": ["--privileged"],
    "http": [
        {"path": "/a", "method": "PUT", "body": "b", "headers": {"X": 1}, "status": 201, "contains": "c"}
    ],
    "exec": ["a 'b c'", ["d"], {"command": "e", "output": False, "contains": "x"}],
    "run": [{"command": ["--version"], "exit": 2}],
    "files": ["/f"],
    "accept": ["Cmd", "GET /a"],
    "mask": ["x+"],
}


def test_every_key_is_read() -> None:
    assert probes.parse_table(ALL) == Probe(
        port=80,
        seconds=1.5,
        env={"A": "1"},
        volumes=("./d:/d",),
        options=("--privileged",),
        http=(Request(path="/a", method="PUT", body="b", headers={"X": "1"}, status=201, contains="c"),),
        exec=(
            Run(command=("a", "b c")),
            Run(command=("d",)),
            Run(command=("e",), output=False, contains="x"),
        ),
        run=(Run(command=("--version",), exit=2),),
        files=("/f",),
        accept=("Cmd", "GET /a"),
        mask=("x+",),
    )
    assert probes.parse_table({}) == Probe()


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown key", {"ports": 1}, 'no key "ports"'),
    ("an unknown table", {"environment": {"A": "1"}}, 'no key "environment"'),
    (
        "an unknown key for another file",
        {"x.Dockerfile": {"ports": 1}},
        'no key "ports"',
    ),
    ("a port that is none", {"port": "http"}, '"port"'),
    ("a port that there is not", {"port": 70000}, "not between 1 and 65535"),
    ("no time at all", {"seconds": 0}, '"seconds" is 0'),
    ("a request without a path", {"http": [{"status": 200}]}, "path"),
    ("a command as a request", {"http": ["ls -l"]}, "is not a path"),
    ("an unknown key of a request", {"http": [{"path": "/", "code": 200}]}, '"code"'),
    ("a status in words", {"http": [{"path": "/", "status": "ok"}]}, '"status"'),
    ("an unknown way to compare", {"http": [{"path": "/", "compare": "size"}]}, '"compare" is "size"'),
    ("an empty command", {"exec": [""]}, "empty"),
    ("no command", {"run": [{"exit": 1}]}, "empty"),
    ("an exit code that there is not", {"run": [{"command": "x", "exit": 300}]}, '"exit" is 300'),
    ("an unknown key of a command", {"run": [{"command": "x", "code": 0}]}, '"code"'),
    ("one for many", {"files": "/x"}, '"files" has a value of the wrong type'),
    ("a number for a text", {"mask": [1]}, '"mask" has a value of the wrong type'),
    ("a bad pattern", {"mask": ["("]}, "regular expression"),
    ("a pattern that is too large", {"mask": ["a{99999999999}"]}, "regular expression"),
    ("a deep pattern", {"mask": ["(" * 5000 + ")" * 5000]}, "regular expression"),
]


@pytest.mark.parametrize(("table", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_settings_are_named(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        probes.parse_table(table)


def test_a_pattern_that_never_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    assert volatile_text.masked("build 7, \udcff", ("build [0-9]+",)) == "<masked>, \udcff"
    monkeypatch.setattr(limits, "_SECONDS", 1)
    with pytest.raises(SlimifyError, match="mask"):
        volatile_text.masked("a" * 60, ("(a+)+b",))


def answer(body: str, status: int = 200, kind: str = "text/html") -> web.Answer:
    return web.Answer(status=status, kind=kind, body=body.encode())


ROOT = Request(path="/")


def test_answers_differ_by_status_type_and_body() -> None:
    assert web.difference(ROOT, answer("a"), answer("a"), ()) == ""
    assert "404" in web.difference(ROOT, answer("a"), answer("a", 404), ())
    assert "text/plain" in web.difference(ROOT, answer("a"), answer("a", kind="text/plain"), ())
    assert "'a' became 'b'" in web.difference(ROOT, answer("a"), answer("b"), ())
    assert web.difference(Request(path="/", compare="status"), answer("a"), answer("b"), ()) == ""


def test_a_token_that_changes_every_time_hides_nothing_else() -> None:
    first, again = answer('{"token": "abc", "items": 3}'), answer('{"token": "xyz", "items": 3}')
    assert web.same_but_volatile(ROOT, first, again, answer('{"token": "uvw", "items": 3}'), ())
    assert not web.same_but_volatile(ROOT, first, again, answer('{"token": "uvw", "items": 0}'), ())
    assert not web.same_but_volatile(ROOT, first, again, answer('{"token": "uvw"}'), ())


HTTP: list[tuple[str, dict[str, str], dict[str, str], str]] = [
    ("a redirect", {"location": "/login"}, {"location": "/error"}, "the redirect to /login"),
    ("a character set", {"charset": "utf-8"}, {}, "content type text/html; charset=utf-8 became text/html"),
    ("a space", {"body": "a b"}, {"body": "a  b"}, "the body differs"),
]


@pytest.mark.parametrize(("old", "new", "text"), [row[1:] for row in HTTP], ids=[row[0] for row in HTTP])
def test_what_the_original_does_alike_each_time_is_not_volatile(
    old: dict[str, str], new: dict[str, str], text: str
) -> None:
    before, after = (
        web.Answer(
            status=302,
            kind="text/html",
            body=one.get("body", "").encode(),
            location=one.get("location", ""),
            charset=one.get("charset", ""),
        )
        for one in (old, new)
    )
    assert web.difference(ROOT, before, after, ()).startswith(text)
    assert not web.same_but_volatile(ROOT, before, before, after, ())


def test_what_differs_each_time_explains_no_more_than_that() -> None:
    def redirect(place: str) -> web.Answer:
        return web.Answer(status=302, location=place)

    assert web.same_but_volatile(ROOT, redirect("/a?s=1"), redirect("/a?s=2"), redirect("/a?s=3"), ())
    assert not web.same_but_volatile(ROOT, redirect("/a?s=1"), redirect("/a?s=2"), redirect("/b?s=3"), ())
    first, again = answer("items: 3"), answer("items: 4")
    assert web.same_but_volatile(ROOT, first, again, answer("items: 5"), ())
    assert not web.same_but_volatile(ROOT, first, again, answer("items: none"), ())
    assert web.same_but_volatile(ROOT, answer("a b 1"), answer("a  b 1"), answer("a   b 1"), ())


SILENT: list[tuple[str, str, str]] = [
    ("RemoteDisconnected: x", "ConnectionResetError: y", ""),
    ("BadStatusLine: 5.7.1 abc", "BadStatusLine: 5.7.1 xyz", ""),
    (
        "BadStatusLine: 5.7.1",
        "RemoteDisconnected: x",
        "other data in the original and closes the connection now",
    ),
    (
        "RemoteDisconnected: x",
        "TimeoutError: timed out",
        "the connection in the original and sends nothing now",
    ),
]


@pytest.mark.parametrize(("old", "new", "text"), SILENT)
def test_without_http_what_is_done_instead_is_compared(old: str, new: str, text: str) -> None:
    before, after = (web.Answer(status=None, body=body.encode()) for body in (old, new))
    wrong = web.difference(ROOT, before, after, ())
    assert text in wrong
    assert bool(wrong) is bool(text)


class _Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/old" else 200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Location", "/new")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_real_server_is_asked(site: int) -> None:
    assert web.listens("127.0.0.1", site)
    assert web.ask("127.0.0.1", site, ROOT).body == b"hello"
    moved = web.ask("127.0.0.1", site, Request(path="/old"))
    assert (moved.status, moved.location, moved.kind) == (302, "/new", "text/plain")
    assert moved.charset == "utf-8"


def test_a_closed_port_does_not_listen(site: int) -> None:
    assert not web.listens("127.0.0.1", 1)
    assert web.ask("127.0.0.1", 1, ROOT).status is None


@pytest.mark.parametrize(
    "request_",
    [
        Request(path="/a\r\nX: 1"),
        Request(path="/\u202e"),
        Request(path="/", method="GET / HTTP/1.1\r\nX: y"),
        Request(path="/", headers={"X\r\nY": "z"}),
        Request(path="/", headers={"X": "a\r\nb"}),
    ],
    ids=["path", "characters", "method", "header", "value"],
)
def test_requests_that_are_none(request_: Request) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answer = web.ask("127.0.0.1", listening.getsockname()[1], request_, timeout=0.2)
    assert answer.status is None
