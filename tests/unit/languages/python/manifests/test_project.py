from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify.context.scan import Context, scan
from slimify.languages.python.manifests.data_files import data_targets
from slimify.languages.python.manifests.lock_files import pinned_packages
from slimify.languages.python.manifests.project import PythonProject, python_project
from slimify.languages.python.manifests.requirements import (
    parse_requirement,
    read_requirements,
    requirements,
)
from slimify.languages.python.package_facts import normalised


def lay(root: Path, files: Mapping[str, str]) -> Context:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return scan(root)


def project(root: Path, **files: str) -> PythonProject:
    """`pyproject="…"` and so on, by the first word of the file's name."""
    names = {
        "pyproject": "pyproject.toml",
        "cfg": "setup.cfg",
        "setup": "setup.py",
        "conda": "environment.yml",
    }
    return python_project(lay(root, {names.get(name, name): text for name, text in files.items()}))


def names(items: tuple[object, ...]) -> list[str]:
    return [getattr(item, "name", "?") for item in items]


# --- requirements -------------------------------------------------------------------------------

# (id, text, name, what else)
SINGLE: list[tuple[str, str, str, dict[str, object]]] = [
    ("name", "requests", "requests", {"specifier": ""}),
    ("version", "requests==2.0", "requests", {"specifier": "==2.0"}),
    ("spaces", "Django >= 3 , < 4", "django", {"specifier": ">= 3 , < 4"}),
    ("normalised", "Foo.Bar_baz", "foo-bar-baz", {}),
    ("extras", "uvicorn[standard, Foo_bar]>=0.1", "uvicorn", {"extras": ("standard", "foo-bar")}),
    ("marker", "tomli; os_name == 'nt'", "tomli", {"specifier": ""}),
    ("parentheses", "foo (>=1)", "foo", {"specifier": ">=1"}),
    ("tilde", "foo~=1.2", "foo", {"specifier": "~=1.2", "path": None}),
    ("arbitrary", "foo===1/2", "foo", {"specifier": "===1/2", "path": None}),
    ("hash", "foo==1 --hash=sha256:ab --hash=sha256:cd", "foo", {"specifier": "==1"}),
    ("option", "foo==1 --global-option=--x", "foo", {"specifier": "==1"}),
    ("direct-url", "foo @ https://x.org/foo.zip", "foo", {"url": "https://x.org/foo.zip"}),
    ("direct-git", "foo[a]@git+https://x.org/foo.git@main ; os_name=='nt'", "foo",
     {"url": "git+https://x.org/foo.git@main", "extras": ("a",)}),
    ("git-egg", "git+https://x.org/foo.git@v1#egg=Foo_Bar", "foo-bar", {"url": "git+https://x.org/foo.git@v1#egg=Foo_Bar"}),
    ("git-unnamed", "git+ssh://git@x.org/foo.git", "", {"url": "git+ssh://git@x.org/foo.git"}),
    ("egg-with-version", "https://x.org/a.zip#egg=foo==1.0", "foo", {}),
    ("wheel-url", "https://x.org/foo_bar-1.0-py3-none-any.whl", "foo-bar", {"path": None}),
    ("wheel-file", "./wheels/foo-1.0-py3-none-any.whl", "foo", {"path": "wheels/foo-1.0-py3-none-any.whl"}),
    ("archive", "dist/foo-1.0.tar.gz", "foo", {"path": "dist/foo-1.0.tar.gz"}),
    ("here", ".", "", {"path": ""}),
    ("here-extras", ".[test,dev]", "", {"path": "", "extras": ("test", "dev")}),
    ("directory", "./lib/foo", "", {"path": "lib/foo"}),
    ("file-url", "file:./lib/foo", "", {"path": "lib/foo", "url": None}),
    ("outside", "../foo", "", {"path": None}),
    ("absolute", "/opt/foo", "", {"path": None}),
    ("variable", "./${DIR}/foo", "", {"path": None}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "expected"), [pytest.param(*row[1:], id=row[0]) for row in SINGLE])
def test_single_requirement(text: str, name: str, expected: dict[str, object]) -> None:
    found = parse_requirement(text)
    assert found.name == name
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize(
    "row", [row for row in SINGLE if row[2] and " --" not in row[1]], ids=lambda row: row[0]
)
def test_agrees_with_packaging(row: tuple[str, str, str, dict[str, object]]) -> None:
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    try:
        oracle = Requirement(row[1])
    except InvalidRequirement:
        return  # pip's own forms
    found = parse_requirement(row[1])
    assert found.name == canonicalize_name(oracle.name) == normalised(oracle.name)
    assert set(found.extras) == {canonicalize_name(extra) for extra in oracle.extras}
    assert found.url == oracle.url
    assert bool(found.specifier) == bool(oracle.specifier)


def test_file_with_everything(tmp_path: Path) -> None:
    text = (
        "# comment\n--index-url https://x.org/simple\n-f wheels\n\nflask==1.0 # why\n  django \\\n   >=3\n"
        "-e git+https://x.org/a#egg=a\n-e ./lib\n-r more/base.txt\n"
        "--requirement=gone.txt\n-c limits.txt\nlast"
    )
    files = {
        "requirements.txt": text,
        "more/base.txt": "-r ../requirements.txt\n./local\nzlib\n-c ../limits.txt",
        "limits.txt": "flask<2\n",
    }
    found = read_requirements(lay(tmp_path, files), "requirements.txt")
    assert [(item.name, item.file, item.line, item.editable) for item in found.items] == [
        ("flask", "requirements.txt", 5, False),
        ("django", "requirements.txt", 6, False),
        ("a", "requirements.txt", 8, True),
        ("", "requirements.txt", 9, True),
        ("last", "requirements.txt", 13, False),
        ("", "more/base.txt", 2, False),
        ("zlib", "more/base.txt", 3, False),
    ]
    assert found.items[5].path == "more/local"
    assert [item.name for item in found.constraints] == ["flask"]
    assert found.files == ("requirements.txt", "more/base.txt", "limits.txt")
    assert found.missing == ("gone.txt",)
    assert [(option, value) for option, value, *_ in found.options] == [
        ("--index-url", "https://x.org/simple"),
        ("-f", "wheels"),
    ]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("# x\n\n   \n", (), id="comments"),
        pytest.param("-r requirements.txt", (), id="itself"),
        pytest.param("-r https://x.org/r.txt", ("https://x.org/r.txt",), id="url"),
        pytest.param("-r ../up.txt", ("../up.txt",), id="outside"),
        pytest.param("-r", (".",), id="nothing"),
        pytest.param("\\\n\\\n", (), id="backslashes"),
        pytest.param("-", (), id="dash"),
        pytest.param("f\0l\0a\0s\0k\0", ("requirements.txt",), id="no text"),
    ],
)
def test_files_that_install_nothing(tmp_path: Path, text: str, missing: tuple[str, ...]) -> None:
    found = read_requirements(lay(tmp_path, {"requirements.txt": text}), "requirements.txt")
    assert found.items == ()
    assert found.missing == missing


def test_missing_file_is_empty() -> None:
    assert requirements(Context.empty(), "requirements.txt") == ()


# --- projects -----------------------------------------------------------------------------------


def test_nothing_is_false(tmp_path: Path) -> None:
    assert not python_project(Context.empty())
    assert not project(tmp_path, main="print()")


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject": "[["},
        {"pyproject": "project = 3\ntool = []\n"},
        {"pyproject": "[project]\ndependencies = 'x'\n[tool.poetry]\ndependencies = 1\ngroup = 'a'\n"},
        {"pyproject": "[dependency-groups]\na = 1\nb = [1, {x = 2}]\n"},
        {"cfg": "no section"},
        {"setup": "def ("},
        {"setup": "setup(" + "(" * 5000},
        {"Pipfile": "[packages"},
        {"conda": "- a\n: ["},
        {"conda": "dependencies: !!python/object:os.system x\n"},
    ],
    ids=lambda files: next(iter(files.items()))[1][:20],
)
def test_malformed_files_say_nothing(tmp_path: Path, files: dict[str, str]) -> None:
    found = project(tmp_path, **files)
    assert found.dependencies == ()
    assert not any(found.groups.values())


def test_standard_project(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        pyproject="""
[build-system]
requires = ["hatchling>=1"]
build-backend = "hatchling.build"

[project]
name = "app"
requires-python = ">=3.11"
dependencies = ["Flask>=2", "psycopg[binary]"]
scripts = {app = "app.cli:main"}

[project.optional-dependencies]
Dev_Tools = ["ruff"]

[dependency-groups]
test = ["pytest", {include-group = "Lint"}]
lint = ["mypy", {include-group = "test"}]
""",
    )
    assert (found.tool, found.requires_python) == ("hatch", ">=3.11")
    assert [(item.name, item.file, item.line) for item in found.dependencies] == [
        ("flask", "pyproject.toml", 9),
        ("psycopg", "pyproject.toml", 9),
    ]
    assert found.scripts == {"app": "app.cli:main"}
    assert names(found.extras["dev-tools"]) == ["ruff"]
    assert names(found.groups["test"]) == ["pytest", "mypy"]
    assert names(found.groups["lint"]) == ["mypy", "pytest"]
    assert found.default_groups == ()


def test_poetry(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        pyproject="""
[tool.poetry]
name = "app"
package-mode = false
[tool.poetry.dependencies]
python = "^3.11"
Flask = "^2"
torch = {version = "*", extras = ["cpu"], markers = "sys_platform == 'linux'"}
lib = {path = "../lib", develop = true}
here = {path = "libs/here"}
fork = {git = "https://x.org/fork.git"}
psycopg = {version = "^3", optional = true}
many = [{version = "1", python = "<3.9"}, {version = "2", python = ">=3.9"}]
[tool.poetry.extras]
pg = ["psycopg"]
[tool.poetry.dev-dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = "*"
[tool.poetry.scripts]
app = "app:main"
""",
    )
    by_name = {item.name: item for item in found.dependencies}
    assert list(by_name) == ["flask", "torch", "lib", "here", "fork", "many"]
    assert (found.tool, found.requires_python) == ("poetry", "^3.11")
    assert by_name["torch"].extras == ("cpu",)
    assert (by_name["lib"].path, by_name["lib"].editable) == (None, True)
    assert by_name["here"].path == "libs/here"
    assert by_name["fork"].url == "https://x.org/fork.git"
    assert by_name["flask"].line == 7
    assert names(found.extras["pg"]) == ["psycopg"]
    assert {name: names(items) for name, items in found.groups.items()} == {
        "docs": ["sphinx"],
        "dev": ["pytest"],
    }
    assert found.default_groups == ("dev",)
    assert found.scripts == {"app": "app:main"}


def test_poetry_two_adds_sources_only(tmp_path: Path) -> None:
    text = (
        "[project]\nname='a'\ndependencies=['flask']\n[tool.poetry.dependencies]\nflask={git='https://x'}\n"
    )
    assert names(project(tmp_path, pyproject=text).dependencies) == ["flask"]


@pytest.mark.parametrize(
    ("text", "default"),
    [
        pytest.param("[dependency-groups]\ndev=['a']\nb=['c']\n", ("dev",), id="dev"),
        pytest.param(
            "[dependency-groups]\ndev=['a']\nb=['c']\n[tool.uv]\ndefault-groups=['b']\n",
            ("b",),
            id="said",
        ),
        pytest.param(
            "[dependency-groups]\ndev=['a']\nb=['c']\n[tool.uv]\ndefault-groups='all'\n",
            ("dev", "b"),
            id="all",
        ),
        pytest.param("[tool.uv]\ndev-dependencies=['a']\n", ("dev",), id="old"),
        pytest.param("[build-system]\nrequires=[]\n[tool.uv]\npackage=false\n", (), id="no-groups"),
    ],
)
def test_uv(tmp_path: Path, text: str, default: tuple[str, ...]) -> None:
    found = project(
        tmp_path, **{"pyproject": "[project]\nname='x'\n" if "[" not in text else text, "uv.lock": ""}
    )
    assert (found.tool, found.default_groups) == ("uv", default)


def test_uv_sources(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        pyproject="[project]\nname='x'\ndependencies=['a','b','c']\n[tool.uv.sources]\n"
        "a={path='libs/a',editable=true}\nb={git='https://x.org/b'}\n",
    )
    assert [(item.path, item.editable, item.url) for item in found.dependencies] == [
        ("libs/a", True, None),
        (None, False, "https://x.org/b"),
        (None, False, None),
    ]


def test_setup_py_and_cfg(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        setup="""
from setuptools import setup, find_packages
REQUIRES = ["flask>=1", "six"]
raise SystemExit("never executed")
setup(name="app", packages=find_packages(), install_requires=REQUIRES, python_requires=">=3.6",
      extras_require={"dev": ["pytest"]},
      entry_points={"console_scripts": ["app = app.cli:main"]}, scripts=["bin/tool"])
""",
        cfg="[metadata]\nname = other\n[options]\ninstall_requires =\n  click\n",
    )
    assert found.tool == "setuptools"
    assert [(item.name, item.line) for item in found.dependencies] == [("flask", 3), ("six", 3)]
    assert names(found.extras["dev"]) == ["pytest"]
    assert found.scripts == {"app": "app.cli:main", "tool": "bin/tool"}


def test_setup_cfg_alone(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        cfg="[options]\ninstall_requires =\n    flask>=1\n    # no\n    six; python_version<'3'\n"
        "[options.entry_points]\nconsole_scripts =\n    app = app:main\n"
        "[options.extras_require]\ndev = pytest\n",
    )
    assert [(item.name, item.line) for item in found.dependencies] == [("flask", 3), ("six", 5)]
    assert found.scripts == {"app": "app:main"}
    assert names(found.extras["dev"]) == ["pytest"]


def test_computed_requirements_are_not_known(tmp_path: Path) -> None:
    found = project(tmp_path, setup="from setuptools import setup\nsetup(install_requires=open('r').read())")
    assert found.dependencies == ()


def test_setuptools_dynamic_dependencies(tmp_path: Path) -> None:
    text = "[project]\nname='a'\ndynamic=['version','dependencies']\n[tool.setuptools.dynamic]\n"
    files = {"pyproject": text + "dependencies={file=['requirements.txt']}\n", "requirements.txt": "flask\n"}
    found = project(tmp_path, **files)
    assert names(found.dependencies) == ["flask"]


def test_pipfile(tmp_path: Path) -> None:
    text = "[packages]\nFlask = '*'\nlocal = {path='.', editable=true}\n[dev-packages]\npytest='>=7'\n"
    lock = {
        "default": {"flask": {"version": "==2.0"}},
        "develop": {"pytest": {}, "flask": {"version": "==2.0"}},
    }
    found = project(tmp_path, **{"Pipfile": text, "Pipfile.lock": json.dumps(lock)})
    assert (found.tool, names(found.dependencies), names(found.groups["dev"])) == (
        "pipenv",
        ["flask", "local"],
        ["pytest"],
    )
    assert found.dependencies[1].path == ""
    pinned = pinned_packages(scan(tmp_path), found)
    assert {name: entry.groups for name, entry in pinned.items()} == {
        "flask": ("main", "dev"),
        "pytest": ("dev",),
    }
    assert pinned["flask"].version == "2.0"


def test_conda(tmp_path: Path) -> None:
    text = "name: x\ndependencies:\n  - python=3.11\n  - forge::gdal>=3\n  - pip\n  - pip:\n    - flask==2\n"
    found = project(tmp_path, conda=text)
    assert found.tool == "conda"
    assert [(item.name, item.line) for item in found.dependencies] == [("flask", 7)]


def test_requirements_files_are_found(tmp_path: Path) -> None:
    files = ("requirements.txt", "requirements-dev.txt", "dev_requirements.in", "requirements/base.txt")
    others = ("notes.txt", "requirements/readme.md", "sub/requirements.txt")
    found = python_project(lay(tmp_path, dict.fromkeys((*files, *others), "")))
    assert set(found.requirements_files) == set(files)
    assert python_project(scan(tmp_path), "sub").requirements_files == ("sub/requirements.txt",)


LOCKS = [
    ("poetry-old", "poetry.lock", "[[package]]\nname='Flask'\nversion='2.0'\ncategory='main'\n"
     "[package.dependencies]\nWerkzeug='*'\n", ("main",), False),
    ("poetry", "poetry.lock", "[[package]]\nname='flask'\nversion='2.0'\ngroups=['main','dev']\n"
     "files=[{file='flask-2.0.tar.gz'},{file='flask-2.0-py3-none-any.whl'}]\n[package.dependencies]\nwerkzeug='*'\n",
     ("main", "dev"), False),
    ("poetry-source-only", "poetry.lock", "[[package]]\nname='flask'\nversion='2.0'\n"
     "files=[{file='flask-2.0.tar.gz'}]\n[package.dependencies]\nwerkzeug='*'\n", (), True),
    ("uv", "uv.lock", "[[package]]\nname='flask'\nversion='2.0'\nsdist={url='x'}\nwheels=[{url='y'}]\n"
     "dependencies=[{name='werkzeug'}]\n", (), False),
    ("uv-source-only", "uv.lock", "[[package]]\nname='flask'\nversion='2.0'\nsdist={url='x'}\n"
     "dependencies=[{name='werkzeug'}]\n", (), True),
    ("pdm", "pdm.lock", "[[package]]\nname='flask'\nversion='2.0'\ngroups=['default']\n"
     "dependencies=['Werkzeug>=2']\n", ("default",), False),
    ("pylock", "pylock.toml", "[[packages]]\nname='flask'\nversion='2.0'\nwheels=[{name='x'}]\n"
     "dependencies=[{name='werkzeug'}]\n", (), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "groups", "source_only"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS]
)
def test_locks(tmp_path: Path, name: str, text: str, groups: tuple[str, ...], source_only: bool) -> None:
    context = lay(tmp_path, {name: text})
    pinned = pinned_packages(context, python_project(context))
    assert list(pinned) == ["flask"]
    assert (pinned["flask"].version, pinned["flask"].groups) == ("2.0", groups)
    assert pinned["flask"].source_only is source_only
    assert pinned["flask"].requires == ("werkzeug",)


@pytest.mark.parametrize("name", ["poetry.lock", "uv.lock", "Pipfile.lock", "pylock.toml", "pdm.lock"])
@pytest.mark.parametrize("text", ["", "{", "package = 1", "[[package]]\n", "[]", '{"default": 1}'])
def test_malformed_locks_are_empty(tmp_path: Path, name: str, text: str) -> None:
    context = lay(tmp_path, {name: text})
    assert pinned_packages(context, python_project(context)) == {}


@pytest.mark.parametrize(
    ("name", "text", "targets"),
    [
        ("setup.py", "setup(name='a', package_data={'a': ['share/a']})", set()),
        ("setup.py", "setup(data_files=[])", set()),
        ("setup.py", "setup(data_files=[('/etc/a', ['b'])])", set()),  # below site-packages in a wheel
        ("setup.py", "setup(data_files=[('share/a', glob('*.ini')), ('./etc/a', ['b'])])", {"share", "etc"}),
        ("setup.py", "D = [('share/a', ['b'])]\nsetup(data_files=D)", {"share"}),
        ("setup.py", "setup(data_files=find('share'))", {"prefix"}),
        ("setup.py", "setup(**{'data_files': []})", {"prefix"}),
        ("setup.cfg", "[options]\npackages = a\n", set()),
        ("setup.cfg", "[options.data_files]\nshare/a = b\n", {"share"}),
        ("setup.cfg", "[files]\ndata_files =\n  etc/a = b\n", {"prefix"}),
        ("pyproject.toml", "[tool.setuptools.package-data]\na = ['share/a']", set()),
        ("pyproject.toml", "[tool.setuptools.data-files]\n'lib/a' = ['b']", {"lib"}),
        ("pyproject.toml", "[tool.hatch.build.targets.wheel.shared-data]\n'b/c' = 'share/a/c'", {"share"}),
        ("pyproject.toml", "[tool.flit.external-data]\ndirectory = 'data'", {"prefix"}),
        ("pyproject.toml", "[build-system]\nbuild-backend = 'mesonpy'", {"prefix"}),
    ],
)
def test_data_files_beside_the_packages(tmp_path: Path, name: str, text: str, targets: set[str]) -> None:
    assert data_targets(lay(tmp_path, {name: text}), "") == targets
