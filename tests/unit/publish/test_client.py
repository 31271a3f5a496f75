"""JSON over HTTP: what is followed, repeated, waited for, and never said."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest
from msgspec import Struct

from slimify.model.errors import SlimifyError
from slimify.publish import client as clients
from slimify.publish.client import Client
from slimify.publish.token import Token

Answer = tuple[int, dict[str, str], Any]
Script = Callable[[str, str], Answer]


class FakeServer:
    """A server whose answers a test writes; `seen` are the requests, `tokens` those that had one."""

    def __init__(self) -> None:
        self.script: Script = lambda *_: (200, {}, {})
        self.seen: list[str] = []
        self.tokens: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.seen.append(f"{self.command} {self.path}")
                server.tokens.append(self.headers.get("Authorization", ""))
                status, headers, content = server.script(self.command, self.path)
                text = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    found = FakeServer()
    yield found
    found.close()


@pytest.fixture
def other() -> Iterator[FakeServer]:
    found = FakeServer()
    yield found
    found.close()


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(clients.time, "sleep", found.append)
    return found


NOW = 1796126400.0  # 2026-12-01 12:00:00 UTC


def client(server: FakeServer, **values: Any) -> Client:
    headers = {"Authorization": "Bearer s3cret"}
    return Client(url=f"{server.url}/api", name="Forge", headers=headers, token=Token("s3cret"), **values)


def test_pages_are_followed_on_the_same_host_only(server: FakeServer, other: FakeServer) -> None:
    pages = {
        "/api/things?per_page=2": (200, {"Link": f'<{server.url}/api/things?page=2>; rel="next"'}, [1, 2]),
        "/api/things?page=2": (200, {"Link": f'<{other.url}/api/things?page=3>; rel="next"'}, [3]),
    }
    server.script = lambda _, path: pages[path]
    assert list(client(server).pages("/things", int, per_page=2)) == [1, 2, 3]
    assert other.seen == []


def test_a_list_without_end_is_cut_off(server: FakeServer) -> None:
    server.script = lambda *_: (200, {"Link": f'<{server.url}/api/things>; rel="next"'}, [1])
    assert len(list(client(server).pages("/things", int))) == len(server.seen) <= 50


def test_a_renamed_repository_is_found(server: FakeServer) -> None:
    server.script = lambda _, path: (
        (301, {"Location": "/api/new"}, {}) if path == "/api/old" else (200, {}, {"id": 1})
    )
    assert client(server).get("/old", dict) == {"id": 1}


def test_the_token_goes_to_no_other_host(server: FakeServer, other: FakeServer, waited: list[float]) -> None:
    server.script = lambda *_: (302, {"Location": f"{other.url}/api/x"}, {})
    with pytest.raises(SlimifyError) as caught:
        client(server).get("/x", dict)
    assert (caught.value.code, other.seen) == ("SL917", [])


def test_what_changes_something_is_not_turned_into_a_look(server: FakeServer) -> None:
    server.script = lambda *_: (302, {"Location": "/api/new"}, {})
    with pytest.raises(SlimifyError):
        client(server).change("POST", "/old", {})
    assert server.seen == ["POST /api/old"]


def test_the_token_is_not_repeated(server: FakeServer) -> None:
    server.script = lambda *_: (422, {}, {"message": "no: Bearer s3cret\nis odd", "errors": [{"field": "x"}]})
    with pytest.raises(SlimifyError) as caught:
        client(server).change("POST", "/x", {})
    assert caught.value.message == 'Forge answered 422 to POST /x: no: Bearer ••• is odd; {"field": "x"}'


def test_pages_of_a_proxy_are_no_answers(server: FakeServer, waited: list[float]) -> None:
    server.script = lambda *_: (502, {}, b"<html>")
    with pytest.raises(SlimifyError) as caught:
        client(server).get("/x", dict)
    assert (caught.value.code, waited, len(server.seen)) == ("SL916", [1, 2, 4], 4)


def test_a_comment_is_not_written_twice(server: FakeServer, waited: list[float]) -> None:
    server.script = lambda *_: (502, {}, {})
    with pytest.raises(SlimifyError):
        client(server).change("POST", "/x", {}, once=True)
    assert (len(server.seen), waited) == (1, [])


def test_nobody_there(waited: list[float]) -> None:
    server = FakeServer()
    server.close()
    with pytest.raises(SlimifyError) as caught:
        client(server).get("/x", dict)
    assert caught.value.code == "SL916"
    assert "refused" in caught.value.message


def test_a_limit_that_begins_anew_soon(
    server: FakeServer, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients.time, "time", lambda: NOW)
    answers = [
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 30:.0f}"}, {"message": "limit"}),
        (200, {}, {"a": 1}),
    ]
    server.script = lambda *_: answers.pop(0)
    assert (client(server).get("/x", dict), waited) == ({"a": 1}, [30])


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 3600:.0f}"},
        {"Retry-After": "Tue, 01 Dec 2026 13:00:00 GMT"},
        {"Retry-After": "3600"},
    ],
)
def test_a_limit_that_lasts(
    server: FakeServer, waited: list[float], monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setattr(clients.time, "time", lambda: NOW)
    server.script = lambda *_: (429, headers, {})
    with pytest.raises(SlimifyError, match="for 60 minutes") as caught:
        client(server).get("/x", dict)
    assert (caught.value.code, waited) == ("SL915", [])


def test_waiting_comes_to_an_end(server: FakeServer, waited: list[float]) -> None:
    server.script = lambda *_: (429, {"Retry-After": "40"}, {})
    with pytest.raises(SlimifyError) as caught:
        client(server).get("/x", dict)
    assert (caught.value.code, waited) == ("SL915", [40, 40])


def test_a_refusal_is_no_limit(server: FakeServer, waited: list[float]) -> None:
    left = {"X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "99"}
    server.script = lambda *_: (403, left, {"message": "Must have push access"})
    with pytest.raises(SlimifyError, match="Must have push access") as caught:
        client(server).get("/x", dict)
    assert (caught.value.code, waited) == ("SL914", [])


def test_dry_and_blind(server: FakeServer) -> None:
    dry = client(server, dry=True)
    assert dry.change("POST", "/x", {"a": "ü"}).content is None
    assert dry.calls == [f'POST {server.url}/api/x\n{{\n  "a": "ü"\n}}']
    offline = client(server, dry=True, offline=True)
    assert (offline.get("/x", dict), list(offline.pages("/x", int)), server.seen) == (None, [], [])


ANSWERS: list[tuple[str, dict[str, str], Any]] = [
    ("nothing", {}, b""),
    ("a page", {}, b"<html>\x1b[2J</html>"),
    ("half of one", {}, b'{"login": "'),
    ("a list", {}, [1]),
    ("a number", {}, 12),
    ("an empty object", {}, {}),
    ("null", {}, None),
    ("another type", {}, {"login": 12}),
    ("null inside", {}, {"login": None}),
    ("deeply nested", {}, b"[" * 100_000),
    ("not UTF-8", {}, b'{"login": "\xff\xfe"}'),
    ("a number without end", {}, b'{"login": ' + b"9" * 10_000 + b"}"),
    ("half of a character", {}, b'{"login": "\\ud800"}'),
    ("no number", {}, b'{"login": NaN}'),
]


class User(Struct):
    login: str


@pytest.mark.parametrize(
    ("headers", "content"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_answers_of_any_shape(server: FakeServer, headers: dict[str, str], content: Any) -> None:
    server.script = lambda *_: (200, headers, content)
    with pytest.raises(SlimifyError, match="does not answer as its API is documented") as caught:
        client(server).get("/user", User)
    assert caught.value.code == "SL916"
    with pytest.raises(SlimifyError, match="does not answer as its API is documented"):
        list(client(server).pages("/users", User))


@pytest.mark.parametrize(
    "value", ["9" * 400, "²", "-1", "soon", "Fri, 31 Dec 99999 00:00:00 GMT", "1e9", "\t"]
)
@pytest.mark.parametrize("name", ["Retry-After", "X-RateLimit-Reset"])
def test_absurd_times_to_wait(server: FakeServer, waited: list[float], name: str, value: str) -> None:
    headers = {name: quote(value), "X-RateLimit-Remaining": "0"} if not value.isascii() else {name: value}
    server.script = lambda *_: (
        429,
        {"X-RateLimit-Remaining": "0", **headers},
        {"message": "slow", "errors": 3},
    )
    with pytest.raises(SlimifyError) as caught:
        client(server).get("/x", dict)
    assert caught.value.code == "SL915"
    assert sum(waited) <= clients.MAX_WAIT


@pytest.mark.parametrize(
    "part", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]
)
def test_an_answer_byte_by_byte(part: bytes, waited: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_TIMEOUT", 0.3)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.sendall(part)
                while not stop.wait(0.05):
                    connection.sendall(b"X")

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=drip, args=(listening.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        slow = Client(url=f"http://127.0.0.1:{listening.getsockname()[1]}", name="Forge")
        with pytest.raises(SlimifyError, match="no complete answer after") as caught:
            slow.get("/x", dict)
        stop.set()
    assert caught.value.code == "SL916"


def test_all_answers_together_have_a_time_limit(
    server: FakeServer, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_MAX_TOTAL", 0.5)

    def slow(*_: object) -> tuple[int, dict[str, str], object]:
        threading.Event().wait(0.3)
        return 200, {}, {}

    server.script = slow
    patient = client(server)
    with pytest.raises(SlimifyError) as caught:
        [patient.get("/x", dict) for _ in range(20)]
    assert (caught.value.code, len(server.seen) <= 3) == ("SL916", True)


def test_an_answer_that_is_no_http(waited: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with listening.accept()[0] as connection:
                        connection.sendall(b"SSH-2.0-x\r\n")

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(SlimifyError, match="can't be reached"):
            Client(url=f"http://127.0.0.1:{listening.getsockname()[1]}", name="Forge").get("/x", dict)
