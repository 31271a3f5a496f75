"""HTTP requests to a container, and the comparison of two answers."""

from __future__ import annotations

import hashlib
import http.client
import re
import socket
from collections.abc import Collection

from msgspec import Struct

from slimify.engine.within import within
from slimify.verify import volatile_text
from slimify.verify.probes import Request

_MAX_BODY = 20_000_000  # bytes
_PATIENCE = 3  # time limits of one byte until an answer has to be complete
_TIMEOUTS = frozenset({"TimeoutError", "timeout"})
_CLOSURES = frozenset(
    {"RemoteDisconnected", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError"}
)


class Answer(Struct, frozen=True, kw_only=True):
    """An HTTP answer. `status` None: there was none, and `body` holds the error."""

    status: int | None
    kind: str = ""
    charset: str = ""
    location: str = ""
    body: bytes = b""


def listens(host: str, port: int) -> bool:
    """Whether something answers. A connection alone proves nothing: Docker's proxy accepts connections for a
    container that does not listen, and closes them immediately."""
    try:
        with socket.create_connection((host, port), timeout=2) as connection:
            connection.settimeout(0.5)
            try:
                return connection.recv(1) != b""  # a greeting
            except TimeoutError:
                return True  # it waits for a request
    except OSError:
        return False


def ask(host: str, port: int, request: Request, timeout: float = 20) -> Answer:
    """Sends one request; redirects are not followed. The answer may come byte by byte, but not forever."""
    try:
        return within(_PATIENCE * timeout, lambda: _ask(host, port, request, timeout))
    except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: no HTTP has such a path
        return Answer(status=None, body=f"{type(error).__name__}: {error}".encode())


def _ask(host: str, port: int, request: Request, timeout: float) -> Answer:
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        body = request.body.encode() if request.body else None
        headers = {"Host": "localhost", "User-Agent": "slimify", "Accept": "*/*", **request.headers}
        connection.request(request.method, request.path, body=body, headers=headers)
        answer = connection.getresponse()
        return Answer(
            status=answer.status,
            kind=answer.headers.get_content_type(),
            charset=answer.headers.get_content_charset(""),
            location=answer.headers.get("Location", ""),
            body=answer.read(_MAX_BODY),
        )
    finally:
        connection.close()


def unmet_demand(request: Request, answer: Answer) -> str:
    """How the answer fails the user's demands, or ""."""
    if request.status is not None and answer.status != request.status:
        return f"status {answer.status}, not {request.status}"
    if request.contains and request.contains.encode() not in answer.body:
        return f"{request.contains!r} is not in the body"
    return ""


def difference(request: Request, old: Answer, new: Answer, own: Collection[str]) -> str:
    """How the second answer differs from the first, or ""."""
    if old.status != new.status:
        said = new.body[:200].decode("utf-8", "replace") if new.status is None or new.status >= 400 else ""
        return f"status {old.status} became {new.status}" + (f": {said}" if said else "")
    if old.status is None:
        before, now = _non_http_behaviour(old), _non_http_behaviour(new)
        return "" if before == now else f"without HTTP, the server {before} in the original and {now} now"
    if (old.kind, old.charset) != (new.kind, new.charset):
        return f"content type {_content_type(old)} became {_content_type(new)}"
    if old.location != new.location:
        return f"the redirect to {old.location} became one to {new.location}"
    if request.compare != "body":
        return ""
    first, second = _body_lines(old, own), _body_lines(new, own)
    if first == second:
        return ""
    changed = [(a, b) for a, b in zip(first, second, strict=False) if a != b]
    if not changed:
        return f"the body has {len(second)} lines, not {len(first)}"
    return f"the body differs: {changed[0][0][:120]!r} became {changed[0][1][:120]!r}"


def same_but_volatile(
    request: Request, first: Answer, again: Answer, other: Answer, own: Collection[str]
) -> bool:
    """Whether `other` differs from `first` only in words in which `again`, the same image's second answer,
    differs, too."""
    three = (first, again, other)
    if len({(answer.status, answer.kind, answer.charset) for answer in three}) > 1:
        return False
    places = [_tokens([answer.location]) for answer in three]
    bodies = [_body_lines(answer, own) for answer in three]
    texts = [_tokens(lines) for lines in bodies] if request.compare == "body" else [[], [], []]
    if request.compare == "body" and texts[0] == texts[2] and bodies[0] != bodies[2]:
        return bodies[0] != bodies[1]  # they differ in white space
    return _only_volatile(places) and _only_volatile(texts)


def _only_volatile(texts: list[list[str]]) -> bool:
    one, two, three = texts
    if not len(one) == len(two) == len(three):
        return False
    return all(a == c or (a != b and _replaceable(a, b, c)) for a, b, c in zip(one, two, three, strict=True))


def _tokens(lines: list[str]) -> list[str]:
    # random names may contain hyphens, and their number varies
    return re.findall(r"[\w-]+|[^\w\s-]", "\n".join(lines))


def _replaceable(first: str, again: str, other: str) -> bool:
    """Whether `other` may replace the first two: a number is only replaced by a number."""
    return other.isdigit() or not (first.isdigit() and again.isdigit())


def _content_type(answer: Answer) -> str:
    return f"{answer.kind}; charset={answer.charset}" if answer.charset else answer.kind


def _non_http_behaviour(answer: Answer) -> str:
    """What the server does instead of answering. How it closes a connection depends on timing."""
    failure = answer.body.partition(b":")[0].decode("utf-8", "replace")
    if failure in _TIMEOUTS:
        return "sends nothing"
    return "closes the connection" if failure in _CLOSURES or not failure else "sends other data"


def describe(answer: Answer) -> str:
    """A short description of an answer."""
    if answer.status is None:
        return "both listen; no HTTP"
    return f"{answer.status}, {answer.kind}, {len(answer.body)} bytes"


def _body_lines(answer: Answer, own: Collection[str]) -> list[str]:
    if b"\0" in answer.body[:2000]:
        return [hashlib.sha256(answer.body).hexdigest()]
    return volatile_text.masked(answer.body.decode("utf-8", "surrogateescape"), own).splitlines()
