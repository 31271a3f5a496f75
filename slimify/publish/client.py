"""JSON over HTTP as forges speak it: patient within bounds, and silent about the token."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from slimify import __version__
from slimify.model.errors import SlimifyError
from slimify.publish.model import RATE_LIMITED, SAID_NO, TOKEN_REFUSED, UNREACHABLE

PATIENCE = 90.0  # seconds that one call may wait altogether
_TRIES = 4
_TIMEOUT = 30.0
_MOST = 20_000_000  # bytes of one answer
_PAGES = 20
_BUSY = frozenset({500, 502, 503, 504})
_MOVED = frozenset({301, 302, 307, 308})


class Answer(Struct, frozen=True):
    """Status, body as JSON (None where there is none), headers."""

    status: int
    content: Any
    headers: Message


@dataclass(slots=True, kw_only=True)  # no Struct: its repr would show the token
class Client:
    """Talks to the API below `url`. `dry`: what would change anything is noted in `calls` and not sent;
    `blind`: nothing is asked either."""

    url: str
    name: str  # of the forge, for messages
    headers: Mapping[str, str] = field(repr=False)
    token: str = field(default="", repr=False)
    dry: bool = False
    blind: bool = False
    calls: list[str] = field(default_factory=list)

    def get(self, path: str, **query: str | int) -> Any:
        """What the forge has there; None where it has nothing, or must not be asked."""
        if self.blind:
            return None
        answer = self.send("GET", _with_query(path, query), expected=(200, 404))
        return None if answer.status == 404 else answer.content

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """The items of a list, page by page; a list without end is cut off."""
        if self.blind:
            return
        at = _with_query(path, query)
        for _ in range(_PAGES):
            answer = self.send("GET", at, expected=(200,))
            yield from answer.content if isinstance(answer.content, list) else ()
            following = _next(answer.headers)
            if not following or not self._ours(following):
                return
            at = following

    def change(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        *,
        accepted: tuple[int, ...] = (),
        once: bool = False,
    ) -> Answer:
        """Sends something that changes what the forge has. `accepted` are statuses besides success that the
        caller understands; `once`: it must not be repeated where it is not known to have failed."""
        if self.dry:
            self.calls.append(f"{method} {self.url}{path}\n{json.dumps(body, ensure_ascii=False, indent=2)}")
            return Answer(200, None, Message())
        return self.send(
            method, path, body, expected=(200, 201, 202, 204, *accepted), tries=1 if once else _TRIES
        )

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        expected: tuple[int, ...],
        tries: int = _TRIES,
    ) -> Answer:
        """One call, repeated where that may help. Raises SlimifyError for any status that is not expected."""
        waited, problem = 0.0, ""
        url = path if self._ours(path) else self.url + path
        for attempt in range(tries):
            try:
                answer = self._once(method, url, body)
            except (OSError, ValueError) as error:
                problem, pause = self._said(error), 2.0**attempt
            else:
                if answer.status in expected:
                    return answer
                again = self._pause(answer, attempt, waited)
                if again is None:
                    raise self._refused(method, path, answer)
                problem, pause = f"it answered {answer.status}", again
            if attempt + 1 < tries:
                time.sleep(pause)
                waited += pause
        if problem.endswith(" 429"):
            raise self._exhausted(pause)
        raise SlimifyError(
            UNREACHABLE,
            f"{self.name} can't be reached at {self.url}: {problem}",
            hint="nothing is lost: run slimify again later",
        )

    def _once(self, method: str, url: str, body: Mapping[str, Any] | None) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": f"slimify/{__version__}", **self.headers}
        if data is not None:
            headers["Content-Type"] = "application/json"
        for _ in range(4):
            asked = urllib.request.Request(url, data, headers, method=method)
            answer = _exchange(asked)
            moved = urllib.parse.urljoin(url, answer.headers.get("Location", ""))
            # a renamed repository; the token goes nowhere else
            followed = method == "GET" or answer.status in (307, 308)
            if answer.status not in _MOVED or not followed or not self._ours(moved):
                return answer
            url = moved
        return answer

    def _ours(self, url: str) -> bool:
        """Whether an absolute address is on the host of the API."""
        return urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(self.url)[:2]

    def _pause(self, answer: Answer, attempt: int, waited: float) -> float | None:
        """How long to wait before another try; None where none helps."""
        if answer.status in _BUSY:
            return max(0.0, min(_seconds(answer.headers) or 2.0**attempt, PATIENCE - waited))
        if not _limited(answer):
            return None
        pause = _seconds(answer.headers)
        if pause is None:
            pause = 2.0 ** (attempt + 1)
        if waited + pause <= PATIENCE:
            return pause
        raise self._exhausted(pause)

    def _exhausted(self, pause: float) -> SlimifyError:
        return SlimifyError(
            RATE_LIMITED,
            f"{self.name} takes no more requests for {_duration(pause)}: its rate limit is reached",
            hint="nothing is lost: run slimify again then",
        )

    def _refused(self, method: str, path: str, answer: Answer) -> SlimifyError:
        why = self.hidden(_message(answer.content))
        if answer.status == 401:
            return SlimifyError(
                TOKEN_REFUSED,
                f"{self.name} does not accept the token: it is wrong, has expired or was revoked",
                hint="make a new one, and put it into the environment",
            )
        if answer.status == 403:
            return SlimifyError(
                TOKEN_REFUSED,
                f"{self.name}: the token may not {method} {path}{why}",
                hint="it has to write contents and pull or merge requests of the repository; or use --fork",
            )
        return SlimifyError(SAID_NO, f"{self.name} answered {answer.status} to {method} {path}{why}")

    def _said(self, error: Exception) -> str:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return self.hidden(str(reason) or type(error).__name__)

    def hidden(self, text: str) -> str:
        """`text` without the token, should a forge repeat it."""
        return text.replace(self.token, "•••") if self.token else text


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _exchange(asked: urllib.request.Request) -> Answer:
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(asked, timeout=_TIMEOUT) as stream:
            return Answer(stream.status, _json(stream.read(_MOST)), stream.headers)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _json(error.read(_MOST)), error.headers)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data) if data.strip() else None
    except ValueError:
        return None  # a proxy's page: the status says enough


def _with_query(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


def _next(headers: Message) -> str:
    """The address of the next page (RFC 8288)."""
    for link in headers.get("Link", "").split(","):
        target, _, parameters = link.partition(";")
        if 'rel="next"' in parameters:
            return str(target.strip().strip("<>"))
    return ""


def _limited(answer: Answer) -> bool:
    """GitHub says so with 403 too, with one of three signs."""
    if answer.status == 429:
        return True
    none_left = answer.headers.get("X-RateLimit-Remaining") == "0"
    told = "rate limit" in _message(answer.content).lower()
    return answer.status == 403 and (none_left or told or "Retry-After" in answer.headers)


def _seconds(headers: Message) -> float | None:
    """How long to wait, as the forge says it: seconds, a date, or when the limit begins anew."""
    said = headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    if said:
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
        except ValueError:
            return None
    left = headers.get("X-RateLimit-Remaining") or headers.get("RateLimit-Remaining")
    reset = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    return max(1.0, float(reset) - time.time()) if left == "0" and reset.isdigit() else None


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _message(content: Any) -> str:
    """What a forge says in an error, in one line: `message` and `errors` of GitHub, `error` of GitLab too."""
    if not isinstance(content, dict):
        return ""
    parts = [content.get("message"), content.get("error"), *(content.get("errors") or ())]
    said = [part if isinstance(part, str) else json.dumps(part) for part in parts if part]
    return f": {' '.join('; '.join(said).split())[:300]}" if said else ""
