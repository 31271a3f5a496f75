"""Identifies the forge behind a Git remote and finds its token in the environment."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Mapping

from slimify.config.pr import ForgeKind
from slimify.model.errors import SlimifyError
from slimify.model.regex import regex
from slimify.publish.model import NAMES, NO_TOKEN, REJECTED, UNKNOWN_FORGE, Remote
from slimify.publish.token import Token

# Well-known public hosts.
_HOSTS: Mapping[str, ForgeKind] = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "gitea.com": "gitea",
    "codeberg.org": "gitea",
}
_API: Mapping[ForgeKind, str] = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}
TOKENS: Mapping[ForgeKind, tuple[str, ...]] = {
    "github": ("GH_TOKEN", "GITHUB_TOKEN"),
    "gitlab": ("GITLAB_TOKEN",),
    "gitea": ("GITEA_TOKEN",),
}
# CI variables with the URL of the forge that runs the job, and of its API.
_CI: Mapping[ForgeKind, tuple[str, str]] = {
    "github": ("GITHUB_SERVER_URL", "GITHUB_API_URL"),
    "gitlab": ("CI_SERVER_URL", "CI_API_V4_URL"),
}
_LOOPBACK = regex(r"127(\.\d{1,3}){3}")
_REPOSITORY = regex(r"\w[\w.-]*(/\w[\w.-]*)+", re.ASCII)
_SCP = regex(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")


def parse_remote(url: str, kind: ForgeKind | None = None, api: str = "") -> Remote:
    """The repository behind the remote `url`. `kind` and `api` are the user's settings and take precedence.

    Raises SlimifyError if the forge or the repository can't be identified.
    """
    scheme, host, path = _split(url)
    kind = kind or _HOSTS.get(host) or _ci_forge(host)
    if kind is None:
        raise SlimifyError(
            UNKNOWN_FORGE,
            f"{host or without_login(url)} is not known to be GitHub, GitLab or Gitea",
            hint="set --forge and, if needed, --api-url",
        )
    if path.count("/") < 1:
        raise SlimifyError(UNKNOWN_FORGE, f"{without_login(url)} does not name a repository of {NAMES[kind]}")
    if kind != "gitlab":
        path = "/".join(path.split("/")[-2:])
    return Remote(kind=kind, host=host, path=path, api=_api(api, kind, host, scheme))


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, host and path of a remote, in any syntax that git accepts."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme and "://" in url:
        host, path = parts.hostname or "", parts.path
        if parts.scheme in ("http", "https") and parts.port:
            host = f"{host}:{parts.port}"
    else:
        match = _SCP.fullmatch(url)
        host, path = (match[1], match[2]) if match else ("", url)
    return parts.scheme, host.lower(), path.strip("/").removesuffix(".git")


def _ci_forge(host: str) -> ForgeKind | None:
    for kind, (server, _) in _CI.items():
        if host and urllib.parse.urlsplit(os.environ.get(server, "")).netloc.lower() == host:
            return kind
    return None


def _api(given: str, kind: ForgeKind, host: str, scheme: str) -> str:
    """The base URL of the API: from the user, from CI variables, or the documented default."""
    if given:
        if urllib.parse.urlsplit(given).scheme not in ("http", "https"):
            raise SlimifyError(
                UNKNOWN_FORGE,
                f"--api-url {given} is not a URL",
                hint="use a URL such as https://git.example/api/v4",
            )
        return given.rstrip("/")
    if host == "github.com":
        return "https://api.github.com"
    if kind in _CI and _ci_forge(host) == kind and os.environ.get(_CI[kind][1]):
        return os.environ[_CI[kind][1]].rstrip("/")
    if scheme == "http" and not is_private(f"http://{host}"):
        raise SlimifyError(
            UNKNOWN_FORGE,
            f"{host} is addressed with http: everybody on the way could read the token",
            hint=f"use https for the remote, or allow it with --api-url http://{host}{_API[kind]}",
        )
    return f"{'http' if scheme == 'http' else 'https'}://{host}{_API[kind]}"


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent to a URL: it is encrypted, or stays on this machine."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" or host in ("localhost", "::1") or _LOOPBACK.fullmatch(host) is not None


def is_same_host(url: str, other: str) -> bool:
    """Whether two URLs have the same scheme, host and port."""
    return urllib.parse.urlsplit(url)[:2] == urllib.parse.urlsplit(other)[:2]


def fork_url(url: str, path: str, fork: str) -> str:
    """The address of the repository `fork` on the host of the remote `url`, whose repository is `path`.

    It is not taken from the forge's answer: the token is for the host of the remote. Raises SlimifyError if
    the forge's name of the fork is none."""
    head, found, tail = url.rpartition(path)
    if not found or not _REPOSITORY.fullmatch(fork) or ".." in fork:
        raise SlimifyError(REJECTED, f"the fork {fork} has no address beside {without_login(url)}")
    return f"{head}{fork}{tail}"


def forge_token(kind: ForgeKind) -> Token:
    """The token in the environment; an empty one if there is none.

    Raises SlimifyError if the value can't be a token. The message does not contain the value.
    """
    for name in TOKENS[kind]:
        value = os.environ.get(name, "").strip()
        if value and not re.fullmatch(r"[!-~]+", value):
            raise SlimifyError(NO_TOKEN, f"{name} contains characters that no token has")
        if value:
            return Token(value)
    return Token()


def missing_token(kind: ForgeKind) -> SlimifyError:
    """The error that no token is set."""
    names = " or ".join(TOKENS[kind])
    return SlimifyError(
        NO_TOKEN,
        f"no token for {NAMES[kind]}",
        hint=f"set {names}; --dry-run works without a token",
    )


def without_login(url: str) -> str:
    """URLs in `text` without user names and passwords."""
    return re.sub(r"(?<=://)[^\s/]*@", "", url)
