"""A token is in no text, whatever its encoding, and reaches git for one host only."""

from __future__ import annotations

import base64
import os
import subprocess
import urllib.parse
from pathlib import Path

import pytest

from slimify.publish.token import Login, Token

VALUE = "gl/pat+x=Zq9_secret~1"
TOKEN = Token(VALUE)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        f"https://x:{VALUE}@evil.example/",
        urllib.parse.quote(VALUE, safe=""),
        VALUE.encode().hex(),
        b64(VALUE),
        b64(f"x-access-token:{VALUE}"),
        b64(f"oauth2:{VALUE}"),
        b64(f"me:{VALUE}\n"),
        b64(f"a:{VALUE}:b"),
        base64.urlsafe_b64encode(f"ab:{VALUE}??>".encode()).decode(),
    ],
    ids=range(10),
)
def test_masked(form: str) -> None:
    shown = TOKEN.masked(f"fatal: {form} is wrong")
    assert "•••" in shown
    assert shown.startswith("fatal: ")
    assert shown.endswith(" is wrong")
    assert VALUE[3:-2] not in shown
    assert b64(VALUE)[4:-4] not in shown


def test_nothing_to_mask() -> None:
    assert Token().masked("any text") == "any text"
    assert TOKEN.masked("any text") == "any text"
    assert VALUE not in repr(TOKEN) + str(Login(user="me", token=TOKEN, urls=()))


def filled(url: str, variables: dict[str, str]) -> str:
    """What git would log in with at an address."""
    env = {**os.environ, **variables, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"url={url}\n\n",
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.mark.parametrize(
    ("url", "is_given"),
    [
        ("https://git.example/acme/shop.git", True),
        ("http://git.example/acme/shop.git", False),
        ("https://git.example:8443/acme/shop.git", False),
        ("https://evil.example/acme/shop.git", False),
        ("https://git.example.evil.example/acme/shop.git", False),
        ("https://sub.git.example/acme/shop.git", False),
    ],
)
def test_git_gets_the_token_for_its_host_only(url: str, is_given: bool) -> None:
    login = Login(
        user="me", token=TOKEN, urls=("https://me@git.example/acme/shop.git", "git@git.example:a/b")
    )
    with login.environment() as variables:
        assert (VALUE in filled(url, variables)) is is_given
        assert not any(VALUE in value for value in variables.values())
        (file,) = (
            Path(w.strip("'"))
            for v in variables.values()
            for w in v.split()
            if w.rstrip(";").endswith("login")
        )
    assert not Path(str(file).rstrip(";")).exists()


def test_no_login_over_ssh() -> None:
    with Login(user="me", token=TOKEN, urls=("git@git.example:a/b",)).environment() as variables:
        assert variables == {}
