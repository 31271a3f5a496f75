"""The page of a code shows how it is raised: in a golden case, or by the input of an example."""

from __future__ import annotations

import os
from pathlib import Path

import code_examples
import pytest

from slimify.codes import known

EXAMPLES = {example.code: example for example in code_examples.examples()}


@pytest.mark.skipif(os.name != "posix", reason="an engine that is a shell script")
@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_is_what_is_printed(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = EXAMPLES[code]
    said = code_examples.play(example, tmp_path, monkeypatch)
    if os.environ.get("SLIMIFY_UPDATE"):
        code_examples.update(example, said)
    else:
        assert example.said == said


def test_examples_are_in_order_and_of_codes_that_exist() -> None:
    assert [*EXAMPLES] == sorted(EXAMPLES)
    assert EXAMPLES.keys() <= known().keys()
