from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify.context.scan import Context, scan
from slimify.languages.go.go_mod import GoModule, go_module


def lay(root: Path, files: Mapping[str, str]) -> Context:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return scan(root)


def module(root: Path, files: Mapping[str, str], directory: str = "") -> GoModule:
    found = go_module(lay(root, files), directory)
    assert found is not None
    return found


@pytest.mark.parametrize("files", [{}, {"main.go": "package main"}, {"vendor/README": ""}])
def test_no_module(tmp_path: Path, files: dict[str, str]) -> None:
    assert go_module(lay(tmp_path, files)) is None


@pytest.mark.parametrize(
    "text", ["", "\n// x\n", "module", "require (", "require (\n)", ")", "replace a =>", "\x00"]
)
def test_a_module_that_says_little(tmp_path: Path, text: str) -> None:
    found = module(tmp_path, {"go.mod": text})
    assert (found.module, found.go, found.requires, found.replaces) == (None, None, (), ())


def test_everything(tmp_path: Path) -> None:
    text = """// header
module "example.com/app/v2" // deprecated

go 1.22.0
toolchain go1.22.3

require example.com/one v1.0.0
require (
\texample.com/two v2.0.0+incompatible // indirect
\t"example.com/three" v0.0.0-2020 // why not
\texample.com/four v4.0.0 //indirect
)
exclude example.com/five v5.0.0
tool example.com/two/cmd/gen
replace (
\texample.com/one => ../one
\texample.com/two v2.0.0 => ./libs/two
\texample.com/three => example.com/fork v1.2.3
\texample.com/four => /abs
)
replace example.com/six => ./
"""
    found = module(tmp_path, {"go.mod": text, "go.sum": ""})
    assert (found.module, found.go, found.toolchain) == ("example.com/app/v2", "1.22.0", "go1.22.3")
    assert [(item.module, item.version, item.indirect, item.line) for item in found.requires] == [
        ("example.com/one", "v1.0.0", False, 7),
        ("example.com/two", "v2.0.0+incompatible", True, 9),
        ("example.com/three", "v0.0.0-2020", False, 10),
        ("example.com/four", "v4.0.0", True, 11),
    ]
    assert [(item.module, item.target, item.local, item.outside) for item in found.replaces] == [
        ("example.com/one", "../one", None, True),
        ("example.com/two", "./libs/two", "libs/two", False),
        ("example.com/three", "example.com/fork", None, False),
        ("example.com/four", "/abs", None, True),
        ("example.com/six", "./", "", False),
    ]
    assert found.tools == ("example.com/two/cmd/gen",)
    assert not found.vendor
    assert found.legacy is None


def test_replacement_inside_the_context(tmp_path: Path) -> None:
    found = module(tmp_path, {"cmd/go.mod": "module a\nreplace b => ../b\n"}, "cmd")
    assert [(item.local, item.outside) for item in found.replaces] == [("b", False)]


def test_vendor(tmp_path: Path) -> None:
    files = {
        "go.mod": "module a",
        "vendor/modules.txt": "# b v1.0.0\n## explicit; go 1.20\nb\n# c v2.0.0 => ./c\nc/d\n",
        "vendor/b/b.go": "package b",
    }
    found = module(tmp_path, files)
    assert (found.vendor, found.vendored) == (True, ("b", "c"))


def test_workspace_is_found_upwards(tmp_path: Path) -> None:
    files = {
        "go.work": "go 1.22\nuse (\n\t./api // the API\n\t./lib\n)\nuse ../outside\nuse .\n",
        "api/go.mod": "module api",
    }
    found = module(tmp_path, files, "api")
    assert (found.workspace, found.uses) == ("go.work", ("api", "lib", ""))
    assert module(tmp_path, files).module is None


@pytest.mark.parametrize(
    ("file", "tool"),
    [
        ("Gopkg.toml", "dep"),
        ("Gopkg.lock", "dep"),
        ("glide.yaml", "glide"),
        ("Godeps/Godeps.json", "godep"),
        ("vendor/vendor.json", "govendor"),
        ("vendor/x/x.go", "gopath"),
    ],
)
def test_before_modules(tmp_path: Path, file: str, tool: str) -> None:
    found = module(tmp_path, {file: "", "main.go": ""})
    assert (found.legacy, found.path) == (tool, "")


def test_a_module_is_not_legacy(tmp_path: Path) -> None:
    assert module(tmp_path, {"go.mod": "module a", "Gopkg.toml": ""}).legacy is None
