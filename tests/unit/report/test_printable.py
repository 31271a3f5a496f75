"""Names and commands as a page shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimify.report.printable import masked, printable


@given(st.text())
def test_what_is_shown_is_one_visible_line(text: str) -> None:
    line = printable(text)
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")
    assert printable(line) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("Grüße 😀.txt", "Grüße 😀.txt", id="plain"),
        pytest.param("a b", "a b", id="space"),
        pytest.param("a\tb\n", "a\\tb\\n", id="tab and end of line"),
        pytest.param("\udcff", "\\xff", id="not UTF-8"),
        pytest.param("\ud800", "\\ud800", id="half a pair"),
        pytest.param("a\u202etxt.exe", "a\\u202etxt.exe", id="right to left"),
    ],
)
def test_shown(text: str, line: str) -> None:
    assert printable(text) == line


@pytest.mark.parametrize(
    "text",
    [
        "RUN pip install tokenizers==0.13.3 secretstorage==3.3 auth0-python==4.7",
        "RUN --mount=type=secret,id=npm npm ci",
        "LABEL org.opencontainers.image.authors=joe",
        "ENV NODE_COMPAT=9 PATH=/usr/bin GOPRIVATE=example.org/x",
        "RUN API_TOKEN=$API_TOKEN ./fetch --token $API_TOKEN --password-stdin",
        "COPY passwd /etc/passwd",
        "RUN git clone https://example.org/x.git && curl ssh://$LOGIN@example.org",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("|2 NPM_TOKEN=hunter2 hunter2 USER=me /bin/sh -c npm ci", id="build argument"),
        pytest.param("ENV DB_PASSWORD hunter2", id="old form of ENV"),
        pytest.param('ENV A=1 DB_PASSWORD="hunter2 hunter2" C=3', id="quoted"),
        pytest.param("RUN git clone https://me:hunter2@example.org/x.git", id="address"),
        pytest.param("RUN curl -H 'Authorization: Bearer hunter2hunter2' x", id="header"),
        pytest.param("RUN login --password hunter2 --token=hunter2", id="options"),
        pytest.param("RUN echo //registry.example.org/:_authToken=hunter2 > .npmrc", id="npm"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nhunter2\nhunter2\n-----END RSA PRIVATE KEY-----", id="key"
        ),
        pytest.param("RUN x ghp_hunter2hunter2hunter2hunter2", id="known form"),
    ],
)
def test_secrets_are_dots(text: str) -> None:
    assert "hunter2" not in masked(text)
    assert "•••" in masked(text)
