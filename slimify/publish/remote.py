"""The address of a git remote → the forge behind it, and the token that the environment has for it."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Mapping

from slimify.config.pr import ForgeKind
from slimify.model.errors import SlimifyError
from slimify.publish.model import NAMES, NO_FORGE, NO_TOKEN, Place

# Hosts that everybody means by these names.
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
# What CI systems say about the instance they belong to: its address, and that of its API.
_CI: Mapping[ForgeKind, tuple[str, str]] = {
    "github": ("GITHUB_SERVER_URL", "GITHUB_API_URL"),
    "gitlab": ("CI_SERVER_URL", "CI_API_V4_URL"),
}
_SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!//)(.+)")


def place(url: str, kind: ForgeKind | None = None, api: str = "") -> Place:
    """Where the remote `url` is hosted; `kind` and `api` are what the user says of it.

    Raises SlimifyError where that can't be told.
    """
    scheme, host, path = _split(url)
    kind = kind or _HOSTS.get(host) or _of_ci(host)
    if kind is None:
        raise SlimifyError(
            NO_FORGE,
            f"{host or shown(url)} is not known to be GitHub, GitLab or Gitea",
            hint="say which with --forge, and with --api-url where its API is",
        )
    if path.count("/") < 1:
        raise SlimifyError(NO_FORGE, f"{shown(url)} does not name a repository of {NAMES[kind]}")
    if kind != "gitlab":
        path = "/".join(path.split("/")[-2:])
    return Place(kind=kind, host=host, path=path, api=_api(api, kind, host, scheme))


def _split(url: str) -> tuple[str, str, str]:
    """Scheme, host and path of a remote, in any form that git takes."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme and "://" in url:
        host, path = parts.hostname or "", parts.path
        if parts.scheme in ("http", "https") and parts.port:
            host = f"{host}:{parts.port}"
    else:
        match = _SCP.fullmatch(url)
        host, path = (match[1], match[2]) if match else ("", url)
    return parts.scheme, host.lower(), path.strip("/").removesuffix(".git")


def _of_ci(host: str) -> ForgeKind | None:
    for kind, (server, _) in _CI.items():
        if host and urllib.parse.urlsplit(os.environ.get(server, "")).netloc.lower() == host:
            return kind
    return None


def _api(given: str, kind: ForgeKind, host: str, scheme: str) -> str:
    """The address of the API: as the user says, or the CI, or as documented."""
    if given:
        if urllib.parse.urlsplit(given).scheme not in ("http", "https"):
            raise SlimifyError(
                NO_FORGE, f"--api-url {given} is no address", hint="such as https://git.example/api/v4"
            )
        return given.rstrip("/")
    if host == "github.com":
        return "https://api.github.com"
    if kind in _CI and _of_ci(host) == kind and os.environ.get(_CI[kind][1]):
        return os.environ[_CI[kind][1]].rstrip("/")
    return f"{'http' if scheme == 'http' else 'https'}://{host}{_API[kind]}"


def token(kind: ForgeKind) -> str:
    """The token of the environment, "" where there is none.

    Raises SlimifyError for something that can be none, without repeating it.
    """
    for name in TOKENS[kind]:
        value = os.environ.get(name, "").strip()
        if value and not re.fullmatch(r"[!-~]+", value):
            raise SlimifyError(NO_TOKEN, f"{name} has characters that are in no token")
        if value:
            return value
    return ""


def missing(kind: ForgeKind) -> SlimifyError:
    """That there is no token."""
    names = " or ".join(TOKENS[kind])
    return SlimifyError(
        NO_TOKEN,
        f"no token for {NAMES[kind]}",
        hint=f"put one into {names}; --dry-run shows everything without one",
    )


def shown(url: str) -> str:
    """An address without the login that may stand in it."""
    return re.sub(r"(?<=://)[^/@]*@", "", url)
