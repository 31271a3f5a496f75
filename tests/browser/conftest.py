"""One browser for all tests of a process."""

from __future__ import annotations

import os
from collections.abc import Iterator

import chromium
import pytest


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Chrome]:
    program = chromium.found()
    if program is None:
        if os.environ.get("SLIMIFY_REQUIRE_BROWSER"):
            pytest.fail(chromium.NONE, pytrace=False)
        pytest.skip(chromium.NONE)
    browser = chromium.Chrome(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
