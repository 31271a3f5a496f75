"""An HTTP server on this machine that speaks the API of a forge, and git below /git/."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from forges import gitea, github, gitlab
from forges.contract import Contract
from forges.hub import Fault, Hub

FORGES = {"github": github, "gitlab": gitlab, "gitea": gitea}
Route = Callable[..., tuple[int, Any]]


class Server:
    """`with Server("github", hub) as url`."""

    def __init__(self, kind: str, hub: Hub) -> None:
        self.kind, self.hub = kind, hub
        self.forge = FORGES[kind]
        self.contract = Contract(kind)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_of": self}))
        self._http.daemon_threads = True

    def __enter__(self) -> str:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        host = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.hub.url = host
        return host + self.forge.ROOT

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, content, headers; both sides are held to the contract."""
        parts = urllib.parse.urlsplit(target)
        path = parts.path.removeprefix(self.forge.ROOT)
        query = dict(urllib.parse.parse_qsl(parts.query))
        with self.hub.lock:
            self.hub.calls.append(f"{method} {path}")
            call = self.contract.find(method, path)
            if call is None:
                self.hub.wrong.append(f"{method} {path}: no such call")
                return 404, {"message": "Not Found"}, {}
            wrong = list(self.contract.asked(call, query, body))
            if wrong:
                self.hub.wrong += wrong
                return 400, {"message": "; ".join(wrong)}, {}
            fault = self._fault(f"{method} {path}")
            if fault is not None and not fault.after:
                return fault.status, fault.content, fault.headers
            if not self.forge.knows(headers, self.hub.token):
                return 401, {"message": "Bad credentials"}, {}
            status, said = self._route(call, path, query, body)
            content = self.contract.whole(call, status, said)
            self.hub.wrong += self.contract.answered(call, status, content)
        if fault is not None:
            return fault.status, fault.content, fault.headers
        return status, *self._page(content, target, query)

    def _fault(self, call: str) -> Fault | None:
        for fault in self.hub.faults:
            if fault.times and call.startswith(fault.call):
                fault.times -= 1
                return fault
        return None

    def _route(self, call: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", call.partition(" ")[2])
        match = re.fullmatch(pattern, path)
        assert match is not None
        found = {name: urllib.parse.unquote(value) for name, value in match.groupdict().items()}
        route: Route = self.forge.ROUTES[call]
        return route(self.hub, query=query, body=body, **found)

    def _page(self, content: Any, target: str, query: dict[str, str]) -> tuple[Any, dict[str, str]]:
        """A page of a list, with a link to the next one."""
        if not isinstance(content, list):
            return content, {}
        size, number = int(query.get("per_page") or query.get("limit") or 30), int(query.get("page", 1))
        shown = content[(number - 1) * size : number * size]
        if number * size >= len(content):
            return shown, {}
        more = urllib.parse.urlencode({**query, "page": number + 1})
        return shown, {"Link": f'<{self.hub.url}{target.partition("?")[0]}?{more}>; rel="next"'}


class _Handler(BaseHTTPRequestHandler):
    server_of: Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        data = self._body()
        if self.path.startswith("/git/"):
            self._git(data)
            return
        body = json.loads(data) if data else None
        status, content, headers = self.server_of.answer(self.command, self.path, self.headers, body)
        text = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            **headers,
            "Content-Length": str(len(text)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _git(self, data: bytes) -> None:
        """git's own server, for whoever has the token as the password."""
        hub = self.server_of.hub
        login = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ") or b"").decode()
        if login.rpartition(":")[2] != hub.token:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.removeprefix("/git").partition("?")
        env = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(hub.folder), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
            "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_USER": login.partition(":")[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(data)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }  # fmt: skip
        done = subprocess.run(["git", "http-backend"], input=data, capture_output=True, env=env, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(lines.pop("Status", "200").split()[0]))
        for name, value in {**lines, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass
