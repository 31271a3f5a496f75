"""A token of a forge, and the login that git needs. Neither is ever shown."""

from __future__ import annotations

import base64
import contextlib
import os
import shlex
import tempfile
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_MASK = "•••"
_LEAST = 8  # characters of a token whose encodings are masked


@dataclass(frozen=True, slots=True)  # no Struct: its repr would show the token
class Token:
    """A secret, or "". `masked` hides it in any text, also encoded."""

    value: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.value)

    def masked(self, text: str) -> str:
        """`text` without the token, its URL encoding, and its base64 encoding at any offset."""
        for form in self._forms():
            text = text.replace(form, _MASK)
        return text

    def _forms(self) -> Iterator[str]:
        if not self.value:
            return
        data = self.value.encode()
        yield self.value
        if len(data) < _LEAST:
            return  # an encoding of a few letters is part of many words
        yield urllib.parse.quote(self.value, safe="")
        yield data.hex()
        for offset, begin in ((0, 0), (1, 2), (2, 3)):
            # characters that depend on the token alone
            whole = base64.b64encode(b"\0" * offset + data)[begin : (offset + len(data)) * 8 // 6].decode()
            yield from (whole, whole.replace("+", "-").replace("/", "_"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The user name and token for git on the hosts of `urls`."""

    user: str
    token: Token
    urls: tuple[str, ...]

    @contextlib.contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """Variables with which git uses this login on these hosts, and on no other one.

        The token is in a file that only this user can read and that is gone afterwards: a variable would
        reach all processes that git starts. The user's credential helpers are disabled: they would store it.
        """
        hosts = [(parts.scheme, parts.netloc) for parts in map(urllib.parse.urlsplit, self.urls)]
        hosts = [host for host in hosts if self.token and host[0] in ("http", "https")]
        if not hosts:
            yield {}
            return
        with tempfile.TemporaryDirectory(prefix="slimify-") as folder:
            file = Path(folder, "login")
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(f"username={self.user}\npassword={self.token.value}\n")
            helper = f'!f() {{ test "$1" = get && cat {shlex.quote(str(file))}; }}; f'
            keys = [f"credential.{scheme}://{place.rpartition('@')[2]}.helper" for scheme, place in hosts]
            start = int(os.environ.get("GIT_CONFIG_COUNT", "0") or 0)
            found = {"GIT_CONFIG_COUNT": str(start + 2 * len(keys))}
            for number, key in enumerate(keys):
                for index, value in ((start + 2 * number, ""), (start + 2 * number + 1, helper)):
                    found |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
            yield found
