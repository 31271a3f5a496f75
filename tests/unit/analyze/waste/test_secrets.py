"""Secrets in layers, below others, in the history and in variables; and that nothing shows them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from madeimages import Content, Made, image
from support import slowness

from slimify.analyze.analyze_image import analyze_image
from slimify.analyze.model import Analysis
from slimify.analyze.waste import secrets

APP = Made("COPY server /app/server", {"/app/server": Content(size=9_000_000)})


def found(*steps: Made, **config: object) -> Analysis:
    return analyze_image(image(*steps, **config), name="app")


HIDDEN = "correct-horse-battery"
SECRETS = {
    "a private key": ("/root/.ssh/id_rsa", f"-----BEGIN OPENSSH PRIVATE KEY-----\n{HIDDEN}\n"),
    "a key of another name": ("/app/config/server.key", f"-----BEGIN PRIVATE KEY-----\n{HIDDEN}\n"),
    "npm's token": ("/app/.npmrc", f"//registry/:_authToken={HIDDEN}\n"),
    "pip's settings": ("/etc/pip.conf", f"[global]\nindex-url = https://me:{HIDDEN}@pypi.example/simple\n"),
    "netrc": ("/root/.netrc", f"machine x login me password {HIDDEN}\n"),
    "cloud": ("/root/.aws/credentials", f"[default]\naws_secret_access_key = {HIDDEN}\n"),
    "settings": ("/app/.env", f"PORT=80\nDB_PASSWORD={HIDDEN}\n"),
    "a registry": (
        "/root/.docker/config.json",
        f'{{"auths": {{"x": {{"auth": "{HIDDEN.replace("-", "")}"}}}}}}',
    ),
}


@pytest.mark.parametrize(("path", "text"), SECRETS.values(), ids=SECRETS.keys())
def test_secrets_are_found_in_every_layer_and_never_shown(path: str, text: str) -> None:
    added = Made("COPY . /app", {path: text})
    for steps, code in (([APP, added], "SL740"), ([APP, added, Made("RUN rm x", gone=(path,))], "SL741")):
        analysis = found(*steps)
        assert [(w.code, w.path, w.layer) for w in analysis.findings] == [(code, path, 1)]
        assert HIDDEN not in repr(analysis.findings)


@given(st.data())
def test_endings_of_a_rule_are_those_of_its_paths(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(secrets._rules()))
    path = data.draw(st.from_regex(rule.path.pattern)).removesuffix("\n")
    assert path.endswith(rule.endings)


@pytest.mark.parametrize(
    "created_by",
    [
        f"RUN /bin/sh -c echo //registry/:_authToken={HIDDEN} > .npmrc # buildkit",
        f"RUN /bin/sh -c git clone https://me:{HIDDEN}@example.org/x # buildkit",
        f"ENV API_KEY={HIDDEN}",
        f"/bin/sh -c #(nop)  ENV DB_PASSWORD={HIDDEN}",
        f"ARG NPM_TOKEN={HIDDEN}",
        f"RUN |1 NPM_TOKEN={HIDDEN} /bin/sh -c npm ci # buildkit",
        f"ENV DATABASE_URL=postgres://me:{HIDDEN}@db/x HTTP=https://me:{HIDDEN}@x/",
    ],
)
def test_secrets_in_the_history(created_by: str) -> None:
    analysis = found(APP, Made(created_by))
    assert {(w.code, w.kind, w.bytes) for w in analysis.findings} == {("SL742", "secret", 0)}
    assert HIDDEN not in repr(analysis)


def test_secrets_of_env_are_masked_in_the_configuration() -> None:
    analysis = found(APP, Env=["PATH=/bin", f"DB_PASSWORD={HIDDEN}"])
    assert [(w.code, w.path) for w in analysis.findings] == [("SL742", "DB_PASSWORD")]
    assert analysis.config["Env"] == ["PATH=/bin", "DB_PASSWORD=***"]
    assert HIDDEN not in repr(analysis)


HOSTILE = ["SECRET" * 150_000, "\n" * 900_000, "https://a:" * 90_000, "a:b:" * 200_000, "s." * 400_000]


@pytest.mark.parametrize("text", HOSTILE, ids=["names", "lines", "addresses", "fields", "dots"])
def test_texts_made_to_keep_us_busy(text: str) -> None:
    start = time.process_time()
    files = dict.fromkeys(("/app/.env", "/app/.htpasswd", "/app/x.key", "/app/.npmrc"), text)
    found(Made(f"RUN /bin/sh -c {text}", files), Made(f"ENV A={text}"))
    assert time.process_time() - start < 10 * slowness()
