from __future__ import annotations

import re

import pytest

from slimify.facts.native import runtime_packages
from slimify.languages import LANGUAGES
from slimify.languages.node.package_facts import (
    bin_packages,
    is_build_only,
    npm,
    packages_leaving,
    possible_programs,
)

NODE = LANGUAGES[1]


def test_unknown_is_the_usual_case() -> None:
    assert npm("left-pad").prebuilt is None
    assert npm("left-pad").bins is None
    assert possible_programs("@acme/left-pad") == ("left-pad",)
    assert possible_programs("@nestjs/cli") == ("nest",)
    assert not npm("left-pad").known


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("left-pad", (), id="no-op"),
        pytest.param("legit-digits", (), id="no-op-part-of-a-word"),
        pytest.param("@types/openssl", (), id="no-op-types"),
        pytest.param("hosted-git-info", (), id="no-op-reads-only"),
        pytest.param("fetch-to-curl", (), id="no-op-no-such-word"),
        pytest.param("tesseract.js", (), id="no-op-compiled-to-wasm"),
        pytest.param("@acme/run-git", ("git",), id="word"),
        pytest.param("openssl_tools", ("openssl",), id="first-word"),
        pytest.param("pem", ("openssl",), id="table"),
        pytest.param("rtsp-ffmpeg", ("ffmpeg",), id="last-word"),
    ],
)
def test_programs_that_a_package_starts(name: str, expected: tuple[str, ...]) -> None:
    assert npm(name).commands == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("left-pad", ("left-pad",)),
        ("ng", ("@angular/cli", "ng")),
        ("nest", ("@nestjs/cli", "nest")),
        ("run-p", ("npm-run-all", "npm-run-all2", "run-p")),
        ("pm2-runtime", ("pm2", "pm2-runtime")),
        ("vue-cli-service", ("@vue/cli-service", "vue-cli-service")),
    ],
)
def test_packages_of_a_command(command: str, expected: tuple[str, ...]) -> None:
    assert bin_packages(command) == expected


def test_builders() -> None:
    assert all(is_build_only(command) for command in ("tsc", "webpack", "jest"))
    assert not any(is_build_only(command) for command in ("node", "next", "vite", "ts-node", "serve"))


def test_node_natives() -> None:
    assert npm("sharp").prebuilt == "package"
    assert npm("canvas").prebuilt == "download"
    assert not npm("canvas").musl
    assert npm("prisma").commands == ("openssl",)
    assert runtime_packages(npm("pg-native").native, "debian", "bookworm", compiled=True)[0] == ("libpq5",)
    browser = runtime_packages(npm("puppeteer").native, "debian", "trixie", compiled=False)
    assert {"libnss3", "libasound2t64", "libgbm1"} <= set(browser[0])
    assert browser[1] == ()


def test_caches_that_run_time_reads() -> None:
    assert "puppeteer" in packages_leaving("/root/.cache/puppeteer")


def test_npm_names() -> None:
    for section in ("bins", "native", "commands", "caches"):
        for name in NODE.facts("npm.toml")[section]:
            assert re.fullmatch(r"(?:@[a-z0-9.-]+/)?[a-z0-9._-]+", name), name
