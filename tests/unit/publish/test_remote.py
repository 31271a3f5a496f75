"""Addresses of remotes → forges, and tokens of the environment."""

from __future__ import annotations

import pytest

from slimify.model.errors import SlimifyError
from slimify.publish import remote as remotes
from slimify.publish.token import Token


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_SERVER_URL", "GITHUB_API_URL", "CI_SERVER_URL", "CI_API_V4_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("url", "kind", "path", "api"),
    [
        ("https://github.com/acme/shop.git", "github", "acme/shop", "https://api.github.com"),
        ("https://github.com/acme/shop/", "github", "acme/shop", "https://api.github.com"),
        ("https://x:secret@github.com/acme/shop", "github", "acme/shop", "https://api.github.com"),
        ("git@github.com:acme/shop.git", "github", "acme/shop", "https://api.github.com"),
        ("ssh://git@GitHub.com:22/acme/shop", "github", "acme/shop", "https://api.github.com"),
        ("git@gitlab.com:a/b/c/shop.git", "gitlab", "a/b/c/shop", "https://gitlab.com/api/v4"),
        ("https://codeberg.org/acme/shop.git", "gitea", "acme/shop", "https://codeberg.org/api/v1"),
    ],
)
def test_known_hosts(url: str, kind: str, path: str, api: str) -> None:
    remote = remotes.parse_remote(url)
    assert (remote.kind, remote.path, remote.api) == (kind, path, api)


@pytest.mark.parametrize(
    ("url", "kind", "given", "path", "api"),
    [
        ("git@git.example:a/b/shop.git", "gitlab", "", "a/b/shop", "https://git.example/api/v4"),
        ("https://git.example/acme/shop", "github", "", "acme/shop", "https://git.example/api/v3"),
        ("http://localhost:3000/acme/shop", "gitea", "", "acme/shop", "http://localhost:3000/api/v1"),
        ("http://a.example/acme/shop", "gitea", "http://a.example/x", "acme/shop", "http://a.example/x"),
        ("ssh://git@git.example:2222/acme/shop", "gitea", "", "acme/shop", "https://git.example/api/v1"),
        ("https://git.example/acme/shop", "gitea", "https://x.example/g/api/v1/", "acme/shop", "https://x.example/g/api/v1"),
        ("/srv/git/acme/shop.git", "github", "http://127.0.0.1:1", "acme/shop", "http://127.0.0.1:1"),
    ],
)  # fmt: skip
def test_hosts_of_ones_own(url: str, kind: str, given: str, path: str, api: str) -> None:
    remote = remotes.parse_remote(url, kind, given)  # type: ignore[arg-type]
    assert (remote.path, remote.api) == (path, api)


def test_the_host_of_the_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_SERVER_URL", "https://git.example:8443")
    monkeypatch.setenv("CI_API_V4_URL", "https://git.example:8443/under/api/v4")
    remote = remotes.parse_remote("https://git.example:8443/a/b/shop.git")
    assert (remote.kind, remote.api) == ("gitlab", "https://git.example:8443/under/api/v4")


@pytest.mark.parametrize(
    ("url", "kind", "api"),
    [
        ("https://git.example/acme/shop", None, ""),
        ("https://github.com.evil.example/acme/shop", None, ""),
        ("/srv/shop.git", None, ""),
        ("https://github.com/shop", None, ""),
        ("https://git.example/a/b", "gitlab", "git.example/api"),
        ("http://git.example:3000/acme/shop", "gitea", ""),
        ("http://127.0.0.1.evil.example/acme/shop", "gitea", ""),
    ],
)
def test_unknown_remotes(url: str, kind: str | None, api: str) -> None:
    with pytest.raises(SlimifyError) as caught:
        remotes.parse_remote(url, kind, api)  # type: ignore[arg-type]
    assert caught.value.code == "SL912"


def test_a_login_in_the_address_is_not_repeated() -> None:
    with pytest.raises(SlimifyError) as caught:
        remotes.parse_remote("https://me:pa55@github.com/shop")
    assert "pa55" not in caught.value.message


def test_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert not remotes.forge_token("github")
    monkeypatch.setenv("GITHUB_TOKEN", "two\n")
    assert remotes.forge_token("github") == Token("two")
    monkeypatch.setenv("GH_TOKEN", "one")
    assert remotes.forge_token("github") == Token("one")
    monkeypatch.setenv("GH_TOKEN", "one\r\nX-Other: 1")
    with pytest.raises(SlimifyError) as caught:
        remotes.forge_token("github")
    assert "one" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "path", "fork", "expected"),
    [
        ("https://github.com/acme/shop.git", "acme/shop", "me/shop", "https://github.com/me/shop.git"),
        ("https://git.example/a/b/shop", "a/b/shop", "me/shop", "https://git.example/me/shop"),
        ("git@github.com:acme/shop.git", "acme/shop", "me/shop-1", "git@github.com:me/shop-1.git"),
        (
            "ssh://git@git.example:2222/acme/shop",
            "acme/shop",
            "me/shop",
            "ssh://git@git.example:2222/me/shop",
        ),
        ("https://acme/shop/acme/shop", "acme/shop", "me/shop", "https://acme/shop/me/shop"),
    ],
)
def test_a_fork_is_on_the_host_of_the_remote(url: str, path: str, fork: str, expected: str) -> None:
    assert remotes.fork_url(url, path, fork) == expected


@pytest.mark.parametrize(
    "fork",
    ["https://evil.example/x", "../x", "a/../../x", "-x/y", "shop", "a b/c", "a/b\n", "", "@evil.example/x"],
)
def test_a_fork_with_another_address(fork: str) -> None:
    with pytest.raises(SlimifyError) as caught:
        remotes.fork_url("https://github.com/acme/shop", "acme/shop", fork)
    assert caught.value.code == "SL917"
