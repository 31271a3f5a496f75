"""Go's caches: the modules that a go.mod requires."""

from __future__ import annotations

import pytest

from slimify.languages.go.planning.caches import required_modules

TEXTS = {
    "empty": ("", 0),
    "no-modules": ("module a\ngo 1.22\ntool a/b\n", 0),
    "comments": ("// require a v1.0.0\nmodule a // require\n", 0),
    "open-block": ("require (\n", 0),
    "other-blocks": ("exclude (\n\ta v1.0.0\n)\nreplace a => ./a\nretract v1.0.0\n", 0),
    "single": ("require a v1.0.0 // indirect\nrequire b v1.0.0\n", 2),
    "block": ("require (\n\ta v1.0.0\n\n\t// why\n\tb v1.0.0 // (c)\n)\nreplace b => c v1.0.0\n", 2),
    "block-without-a-space": ("require(\n\ta v1.0.0\n)\n", 1),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_required_modules(text: str, expected: int) -> None:
    assert required_modules(text) == expected
