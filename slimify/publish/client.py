"""A JSON client for forge APIs: it retries within limits and never reveals the token."""

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
from typing import Any, TypeVar

from msgspec import DecodeError, Struct, ValidationError, convert
from msgspec.json import decode

from slimify import __version__
from slimify.engine.within import within
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex
from slimify.publish.model import RATE_LIMITED, REJECTED, TOKEN_REJECTED, UNREACHABLE
from slimify.publish.remote import is_same_host
from slimify.publish.token import Token

MAX_WAIT = 90.0  # seconds of waiting in one call, retries included
_ATTEMPTS = 4
_TIMEOUT = 60.0  # seconds for one request
_MAX_TOTAL = 900.0  # seconds for all requests of a client, and the waiting between them
_NUMBER = regex(r"[0-9]{1,10}")  # seconds, also since 1970
_MAX_BYTES = 20_000_000  # of one response
_MAX_PAGES = 20
_RETRYABLE = frozenset({500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 307, 308})


_NO_TOKEN = Token()
T = TypeVar("T")


class Response(Struct, frozen=True):
    """Status, JSON body (None if empty or not JSON) and headers."""

    status: int
    content: Any
    headers: Message


@dataclass(slots=True, kw_only=True)  # no Struct: its repr would show the token
class Client:
    """A client of the API at `url`. `dry`: calls that change something are recorded in `calls` instead of
    sent; `offline`: nothing is read either."""

    url: str
    name: str  # of the forge, for messages
    token: Token = _NO_TOKEN
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    dry: bool = False
    offline: bool = False
    calls: list[str] = field(default_factory=list)
    spent: float = 0.0  # seconds of requests and waiting

    def get(self, path: str, kind: type[T], **query: str | int) -> T | None:
        """What is at `path`; None if it does not exist or the client is offline."""
        if self.offline:
            return None
        answer = self.send("GET", _with_query(path, query), expected=(200, 404))
        return None if answer.status == 404 else self.read(answer, kind)

    def read(self, answer: Response, kind: type[T]) -> T:
        """The content of an answer as a value of a type. Raises SlimifyError if it is something else: what a
        forge sends is as little trusted as a repository."""
        try:
            return convert(answer.content, kind)
        except (ValidationError, RecursionError) as error:
            raise SlimifyError(
                UNREACHABLE,
                f"{self.name} at {self.url} does not answer as its API is documented: {error}",
                hint="if --forge or --api-url is wrong, correct it",
            ) from None

    def pages(self, path: str, kind: type[T], **query: str | int) -> Iterator[T]:
        """The items of a paginated list, up to a maximum number of pages."""
        if self.offline:
            return
        at = _with_query(path, query)
        for _ in range(_MAX_PAGES):
            answer = self.send("GET", at, expected=(200,))
            yield from self.read(answer, list[kind])  # type: ignore[valid-type]
            following = _next_page(answer.headers)
            if not following or not self._is_same_host(following):
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
    ) -> Response:
        """Sends a call that changes something. The caller handles the statuses in `accepted` besides success;
        `once` disables retries, for calls that must not take effect twice."""
        if self.dry:
            self.calls.append(f"{method} {self.url}{path}\n{json.dumps(body, ensure_ascii=False, indent=2)}")
            return Response(200, None, Message())
        return self.send(
            method, path, body, expected=(200, 201, 202, 204, *accepted), tries=1 if once else _ATTEMPTS
        )

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        expected: tuple[int, ...],
        tries: int = _ATTEMPTS,
    ) -> Response:
        """Sends one call, with retries where they may help. Raises SlimifyError for any unexpected status."""
        waited, problem = 0.0, ""
        url = path if self._is_same_host(path) else self.url + path
        for attempt in range(tries):
            try:
                answer = self._request_once(method, url, body)
            except (OSError, ValueError) as error:
                problem, pause = self._error_text(error), 2.0**attempt
            else:
                if answer.status in expected:
                    return answer
                again = self._retry_delay(answer, attempt, waited)
                if again is None:
                    raise self._rejection(method, path, answer)
                problem, pause = f"it answered {answer.status}", again
            if attempt + 1 < tries:
                time.sleep(pause)
                waited += pause
                self.spent += pause
        if problem.endswith(" 429"):
            raise self._rate_limit_error(pause)
        raise SlimifyError(
            UNREACHABLE,
            f"{self.name} can't be reached at {self.url}: {problem}",
            hint="no work is lost: run slimify again later",
        )

    def _request_once(self, method: str, url: str, body: Mapping[str, Any] | None) -> Response:
        data = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": f"slimify/{__version__}", **self.headers}
        if data is not None:
            headers["Content-Type"] = "application/json"
        for _ in range(4):
            request = urllib.request.Request(url, data, headers, method=method)
            start = time.monotonic()
            try:
                answer = _exchange(request, min(_TIMEOUT, _MAX_TOTAL - self.spent))
            finally:
                self.spent += time.monotonic() - start
            moved = urllib.parse.urljoin(url, answer.headers.get("Location", ""))
            # redirects of renamed repositories are followed; the token is sent to no other host
            followed = method == "GET" or answer.status in (307, 308)
            if answer.status not in _REDIRECTS or not followed or not self._is_same_host(moved):
                return answer
            url = moved
        return answer

    def _is_same_host(self, url: str) -> bool:
        """Whether an absolute address is on the host of the API."""
        return is_same_host(url, self.url)

    def _retry_delay(self, answer: Response, attempt: int, waited: float) -> float | None:
        """Seconds to wait before a retry; None if retrying does not help. Raises SlimifyError if the rate
        limit lasts longer than MAX_WAIT."""
        if answer.status in _RETRYABLE:
            return max(0.0, min(_retry_after(answer.headers) or 2.0**attempt, MAX_WAIT - waited))
        if not _is_rate_limited(answer):
            return None
        pause = _retry_after(answer.headers)
        if pause is None:
            pause = 2.0 ** (attempt + 1)
        if waited + pause <= MAX_WAIT:
            return pause
        raise self._rate_limit_error(pause)

    def _rate_limit_error(self, pause: float) -> SlimifyError:
        return SlimifyError(
            RATE_LIMITED,
            f"the rate limit of {self.name} is reached: it accepts no requests for {_duration(pause)}",
            hint="no work is lost: run slimify again after that time",
        )

    def _rejection(self, method: str, path: str, answer: Response) -> SlimifyError:
        why = self.redacted(_error_detail(answer.content))
        if answer.status == 401:
            return SlimifyError(
                TOKEN_REJECTED,
                f"{self.name} rejects the token, which is wrong, expired or revoked",
                hint="create a new token and set it in the environment",
            )
        if answer.status == 403:
            return SlimifyError(
                TOKEN_REJECTED,
                f"{self.name}: the token lacks permission for {method} {path}{why}",
                hint="grant it write access to contents and pull or merge requests, or use --fork",
            )
        return SlimifyError(REJECTED, f"{self.name} answered {answer.status} to {method} {path}{why}")

    def _error_text(self, error: Exception) -> str:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return self.redacted(str(reason) or type(error).__name__)

    def redacted(self, text: str) -> str:
        """`text` with the token masked, in case the forge repeats it."""
        return self.token.masked(text)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _exchange(request: urllib.request.Request, seconds: float) -> Response:
    """One request and its answer. Raises OSError or ValueError, also if both take longer than that."""
    if seconds <= 0:
        raise TimeoutError(f"its answers took more than {_duration(_MAX_TOTAL)}")
    try:
        return within(seconds, lambda: _ask(request))
    except (OSError, ValueError):
        raise
    except Exception as error:  # http.client has exceptions of its own
        raise OSError(str(error) or type(error).__name__) from error


def _ask(request: urllib.request.Request) -> Response:
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=_TIMEOUT) as stream:
            return Response(stream.status, _json(stream.read(_MAX_BYTES)), stream.headers)
    except urllib.error.HTTPError as error:
        with error:
            return Response(error.code, _json(error.read(_MAX_BYTES)), error.headers)


def _json(data: bytes) -> Any:
    try:
        return decode(data) if data.strip() else None
    except (DecodeError, UnicodeError, RecursionError):
        return None  # an HTML page of a proxy


def _with_query(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


def _next_page(headers: Message) -> str:
    """The address of the next page (RFC 8288)."""
    for link in headers.get("Link", "").split(","):
        target, _, parameters = link.partition(";")
        if 'rel="next"' in parameters:
            return str(target.strip().strip("<>"))
    return ""


def _is_rate_limited(answer: Response) -> bool:
    """Whether the response reports a rate limit. GitHub also uses 403, with one of three signs."""
    if answer.status == 429:
        return True
    exhausted = answer.headers.get("X-RateLimit-Remaining") == "0"
    names_limit = "rate limit" in _error_detail(answer.content).lower()
    return answer.status == 403 and (exhausted or names_limit or "Retry-After" in answer.headers)


def _retry_after(headers: Message) -> float | None:
    """Seconds to wait according to the headers: from Retry-After, or until the rate limit is reset."""
    header = headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(header):
        return float(header)
    if header:
        try:
            return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
        except (ValueError, TypeError, OverflowError):
            return None
    left = headers.get("X-RateLimit-Remaining") or headers.get("RateLimit-Remaining")
    reset = headers.get("X-RateLimit-Reset") or headers.get("RateLimit-Reset") or ""
    return max(1.0, float(reset) - time.time()) if left == "0" and _NUMBER.fullmatch(reset) else None


def _duration(seconds: float) -> str:
    number, unit = (round(seconds), "second") if seconds < 120 else (round(seconds / 60), "minute")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _error_detail(content: Any) -> str:
    """The error texts of a response in one line: `message`, `error` (GitLab) and `errors` (GitHub)."""
    if not isinstance(content, dict):
        return ""
    errors = content.get("errors")
    parts = [content.get("message"), content.get("error"), *(errors if isinstance(errors, list) else ())]
    details = [part if isinstance(part, str) else json.dumps(part) for part in parts if part]
    return f": {' '.join('; '.join(details).split())[:300]}" if details else ""
