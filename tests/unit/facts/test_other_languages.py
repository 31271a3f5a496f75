"""Languages that are not supported yet, by images and programs."""

from __future__ import annotations

import pytest

from slimify.facts import load
from slimify.facts.other_languages import other_language
from slimify.languages import languages


@pytest.mark.parametrize(
    ("repository", "started", "called", "wanted"),
    [
        pytest.param("nginx", (), (), "", id="none"),
        pytest.param("nginx", ("nginx",), ("perl", "ruby"), "", id="a script in a step tells nothing"),
        pytest.param("maven", (), (), "Java", id="image"),
        pytest.param("mcr.microsoft.com/dotnet/aspnet", (), (), ".NET", id="image of a registry"),
        pytest.param("debian", ("/usr/bin/java",), (), "Java", id="start"),
        pytest.param("debian", ("./server",), ("apt-get", "cargo"), "Rust", id="build"),
        pytest.param("rust", ("java",), ("mvn",), "Rust", id="the image comes first"),
    ],
)
def test_language(repository: str, started: tuple[str, ...], called: tuple[str, ...], wanted: str) -> None:
    assert other_language(repository, started, called) == wanted


def test_no_supported_language_is_among_them() -> None:
    assert load("other-languages.toml").keys().isdisjoint(known.title for known in languages())
