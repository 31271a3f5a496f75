"""One browser for all tests of a process, and what is asked of every page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture
def open_page(chrome: chromium.Chrome, tmp_path: Path) -> Callable[..., chromium.Chrome]:
    def opened(text: str, **options: Any) -> chromium.Chrome:
        path = tmp_path / "page.html"
        path.write_text(text, "utf-8")
        chrome.open(path, **options)
        return chrome

    return opened


@pytest.fixture
def quiet(chrome: chromium.Chrome) -> Callable[[], None]:
    """Checks that a page has no complaint and asks for nothing."""

    def check() -> None:
        chrome.hear()
        assert chrome.said == []
        assert [url for url in chrome.asked if not url.startswith(("file:", "data:"))] == []

    return check
