from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify.context.scan import Context, scan
from slimify.languages.node.manifests.lock_files import lock_packages, locked_programs
from slimify.languages.node.manifests.package_json import NodeProject, line_of, node_project


def lay(root: Path, files: Mapping[str, object]) -> Context:
    """A context with these files; what is no text is written as JSON."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return scan(root)


def project(root: Path, files: Mapping[str, object], directory: str = "") -> NodeProject:
    found = node_project(lay(root, files), directory)
    assert found is not None
    return found


def test_no_package_json_is_no_project(tmp_path: Path) -> None:
    assert node_project(lay(tmp_path, {"a.js": ""})) is None
    assert node_project(Context.empty()) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 100_000, '{"a": 1,}'])
def test_malformed_is_said_and_empty(tmp_path: Path, text: str) -> None:
    found = project(tmp_path, {"package.json": text})
    assert found.malformed
    assert not found.scripts


def test_wrong_types_are_left_out(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        {
            "package.json": {
                "name": 3,
                "scripts": ["a"],
                "dependencies": {"a": 1, "b": "2"},
                "bin": 1,
            }
        },
    )
    assert found.scripts == {}
    assert found.dependencies == {"b": "2"}
    assert not found.malformed


def test_fields(tmp_path: Path) -> None:
    found = project(
        tmp_path,
        {
            "package.json": {
                "name": "@scope/app",
                "bin": "cli.js",
                "scripts": {"start": "node .", "postinstall": "x", "prepare": "husky", "preinstall": "y"},
                "dependencies": {"express": "^4"},
                "devDependencies": {"jest": "*"},
                "optionalDependencies": {"fsevents": "*"},
            }
        },
    )
    assert found.bin == {"app": "cli.js"}
    assert list(found.hooks) == ["preinstall", "postinstall", "prepare"]
    assert (found.dependencies, found.dev_dependencies) == ({"express": "^4"}, {"jest": "*"})
    assert found.optional_dependencies == {"fsevents": "*"}
    assert (found.manager, found.lock) == ("npm", None)


def test_native_addon_is_built_by_default(tmp_path: Path) -> None:
    files: dict[str, object] = {"package.json": {}, "binding.gyp": ""}
    assert project(tmp_path, files).hooks == {"install": "node-gyp rebuild"}
    files["package.json"] = {"scripts": {"install": "prebuild-install"}}
    assert project(tmp_path, files).hooks == {"install": "prebuild-install"}


NPM3 = '{"name": "x", "lockfileVersion": 3, "packages": {}}'
MANAGERS = [
    ("nothing", {}, None, "npm", None, False),
    ("npm", {"package-lock.json": NPM3}, None, "npm", ("npm", "package-lock.json"), False),
    ("shrinkwrap-first", {"package-lock.json": NPM3, "npm-shrinkwrap.json": NPM3}, None, "npm",
     ("npm", "npm-shrinkwrap.json"), False),
    ("yarn1", {"yarn.lock": "# yarn lockfile v1\n\n"}, None, "yarn", ("yarn1", "yarn.lock"), False),
    ("berry", {"yarn.lock": "# x\n\n__metadata:\n  version: 8\n  cacheKey: 10\n"}, None, "yarn",
     ("berry", "yarn.lock"), True),
    ("pnpm5", {"pnpm-lock.yaml": "lockfileVersion: 5.4\n"}, None, "pnpm",
     ("pnpm", "pnpm-lock.yaml"), False),
    ("pnpm9", {"pnpm-lock.yaml": "lockfileVersion: '9.0'\n"}, None, "pnpm",
     ("pnpm", "pnpm-lock.yaml"), False),
    ("bun", {"bun.lock": '{\n  "lockfileVersion": 1,\n'}, None, "bun", ("bun", "bun.lock"), False),
    ("field-chooses-lock", {"package-lock.json": NPM3, "yarn.lock": ""}, "yarn@1.22.22", "yarn",
     ("yarn1", "yarn.lock"), False),
    ("field-without-lock", {"package-lock.json": NPM3}, "pnpm@9.1.0+sha512.abc", "pnpm", None, False),
    ("field-berry", {}, "yarn@4.5.0", "yarn", None, True),
    ("yarn-path", {".yarnrc.yml": "yarnPath: .yarn/releases/yarn-3.cjs\n"}, None, "yarn", None, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "field", "manager", "lock", "berry"), [pytest.param(*row[1:], id=row[0]) for row in MANAGERS]
)
def test_manager(
    tmp_path: Path,
    files: dict[str, object],
    field: str | None,
    manager: str,
    lock: tuple[str, str] | None,
    berry: bool,
) -> None:
    found = project(tmp_path, {**files, "package.json": {"packageManager": field} if field else {}})
    assert found.manager == manager
    assert (found.lock and (found.lock.kind, found.lock.path)) == lock
    assert found.berry is berry


def test_settings_hold_no_credentials(tmp_path: Path) -> None:
    rc = "# c\nomit=dev\n//npm.pkg.dev/:_authToken=abc\n_password = x\nignore-scripts = true\n"
    assert project(tmp_path, {"package.json": {}, ".npmrc": rc}).settings == {
        "omit": "dev",
        "ignore-scripts": "true",
    }


WORKSPACES: list[tuple[str, dict[str, object]]] = [
    ("list", {"package.json": {"workspaces": ["packages/*", "!packages/old"]}}),
    ("object", {"package.json": {"workspaces": {"packages": ["./packages/*", "!packages/old"]}}}),
    (
        "pnpm",
        {"package.json": {}, "pnpm-workspace.yaml": "packages:\n  - 'packages/*'\n  - '!packages/old'\n"},
    ),
    ("lerna", {"package.json": {}, "lerna.json": {"packages": ["packages/*", "!packages/old"]}}),
]


@pytest.mark.parametrize("files", [pytest.param(row[1], id=row[0]) for row in WORKSPACES])
def test_workspaces(tmp_path: Path, files: dict[str, object]) -> None:
    members: dict[str, object] = {
        f"packages/{name}/package.json": {"name": name} for name in ("a", "b", "old")
    }
    rest = {"packages/c/readme": "", "packages/a/node_modules/x/package.json": "{}", "yarn.lock": ""}
    context = lay(tmp_path, {**files, **members, **rest})
    root = node_project(context)
    member = node_project(context, "packages/b")
    assert root is not None
    assert member is not None
    assert root.workspaces == ("packages/a", "packages/b")
    assert member.lock is not None
    assert (member.lock.path, member.lock_dir, member.manager) == ("yarn.lock", "", "yarn")
    other = node_project(context, "packages/old")
    assert other is not None
    assert other.lock is None


def test_line_of(tmp_path: Path) -> None:
    context = lay(tmp_path, {"package.json": {"name": "build", "scripts": {"a": "x", "build": "tsc"}}})
    assert line_of(context, "package.json", "scripts", "build") == 5
    assert line_of(context, "package.json", "scripts", "nothing") == 1


# --- locks ------------------------------------------------------------------------------------

NPM_V1 = {
    "lockfileVersion": 1,
    "dependencies": {
        "express": {
            "version": "4.0.0",
            "requires": {"debug": "^2"},
            "dependencies": {"debug": {"version": "2.0.0"}},
        },
        "debug": {"version": "4.0.0", "dev": True},
        "jest": {"version": "29.0.0", "dev": True},
        "fsevents": {"version": "2.0.0", "optional": True},
    },
}
NPM_V3 = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"express": "*"}},
        "packages/a": {"name": "a"},
        "node_modules/a": {"link": True, "resolved": "packages/a"},
        "node_modules/express": {"version": "4.0.0", "dependencies": {"debug": "^2"}},
        "node_modules/express/node_modules/debug": {"version": "2.0.0"},
        "node_modules/debug": {"version": "4.0.0", "dev": True},
        "node_modules/jest": {"version": "29.0.0", "dev": True, "bin": {"jest": "bin/jest.js"}},
        "node_modules/@prisma/engines": {"version": "5.0.0", "hasInstallScript": True, "bin": "x.js"},
        "node_modules/fsevents": {"version": "2.0.0", "optional": True, "hasInstallScript": True},
    },
}
PACKAGE = {"dependencies": {"express": "^4.0.0"}, "devDependencies": {"jest": "^29.0.0"}}
YARN1 = """\
# yarn lockfile v1


debug@^2.0.0:
  version "2.0.0"
  resolved "https://example.com/debug.tgz#1"

debug@^4.0.0, "debug@^4.1.0":
  version "4.1.0"

express@^4.0.0:
  version "4.0.0"
  dependencies:
    debug "^2.0.0"
    "@types/node" "*"

"@types/node@*":
  version "20.0.0"

jest@^29.0.0:
  version "29.0.0"
  dependencies:
    debug "^4.1.0"
"""
BERRY = """\
__metadata:
  version: 8

"debug@npm:^2.0.0":
  version: 2.0.0
  resolution: "debug@npm:2.0.0"
  languageName: node

"debug@npm:^4.0.0, debug@npm:^4.1.0":
  version: 4.1.0
  resolution: "debug@npm:4.1.0"

"express@npm:^4.0.0":
  version: 4.0.0
  resolution: "express@npm:4.0.0"
  dependencies:
    "@types/node": "npm:*"
    debug: "npm:^2.0.0"

"@types/node@npm:*":
  version: 20.0.0
  resolution: "@types/node@npm:20.0.0"

"jest@npm:^29.0.0":
  version: 29.0.0
  resolution: "jest@npm:29.0.0"
  dependencies:
    debug: "npm:^4.1.0"
  bin:
    jest: ./bin/jest.js
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    jest: "npm:^29.0.0"
"""
PNPM6 = """\
lockfileVersion: '6.0'

dependencies:
  express:
    specifier: ^4.0.0
    version: 4.0.0

packages:

  /express@4.0.0:
    resolution: {integrity: sha512-x}
    dependencies:
      debug: 2.0.0
      '@types/node': 20.0.0
    dev: false

  /debug@2.0.0:
    resolution: {integrity: sha512-x}
    dev: false

  /debug@4.1.0:
    resolution: {integrity: sha512-x}
    dev: true

  /@types/node@20.0.0:
    resolution: {integrity: sha512-x}
    dev: false

  /jest@29.0.0(debug@4.1.0):
    resolution: {integrity: sha512-x}
    hasBin: true
    requiresBuild: true
    dev: true
"""
PNPM9 = """\
lockfileVersion: '9.0'

importers:
  .:
    dependencies:
      express:
        specifier: ^4.0.0
        version: 4.0.0

packages:

  express@4.0.0:
    resolution: {integrity: sha512-x}

  debug@2.0.0:
    resolution: {integrity: sha512-x}

  debug@4.1.0:
    resolution: {integrity: sha512-x}

  '@types/node@20.0.0':
    resolution: {integrity: sha512-x}

  jest@29.0.0:
    resolution: {integrity: sha512-x}
    hasBin: true

snapshots:

  express@4.0.0:
    dependencies:
      debug: 2.0.0
      '@types/node': 20.0.0

  debug@2.0.0: {}

  debug@4.1.0: {}

  '@types/node@20.0.0': {}

  jest@29.0.0(debug@4.1.0):
    dependencies:
      debug: 4.1.0
"""
BUN = """\
{
  "lockfileVersion": 1,
  "packages": {
    "express": ["express@4.0.0", "", { "dependencies": { "debug": "^2.0.0", "@types/node": "*" } }, "x"],
    "@types/node": ["@types/node@20.0.0", "", {}, "sha512-x"],
    "jest": ["jest@29.0.0", "", { "dependencies": { "debug": "^4.1.0" }, "bin": { "jest": "x.js" } }, "x"],
    "debug": ["debug@2.0.0", "", {}, "sha512-x"],
  }
}
"""
LOCKS = [
    ("yarn1", "yarn.lock", YARN1),
    ("berry", "yarn.lock", BERRY),
    ("pnpm6", "pnpm-lock.yaml", PNPM6),
    ("pnpm9", "pnpm-lock.yaml", PNPM9),
    ("bun", "bun.lock", BUN),
]


def test_no_lock_is_empty(tmp_path: Path) -> None:
    context = lay(tmp_path, {"package.json": PACKAGE})
    found = node_project(context)
    assert found is not None
    assert lock_packages(context, found) == {}


@pytest.mark.parametrize(
    "name", ["package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"]
)
@pytest.mark.parametrize(
    "text", ["", "{", "a", "[]", "a:\n - b\n::\n", '"\n"":\n', "\x00\xff", "a" * 5000 + ":"]
)
def test_malformed_lock_is_empty_or_harmless(tmp_path: Path, name: str, text: str) -> None:
    context = lay(tmp_path, {"package.json": PACKAGE, name: text})
    found = node_project(context)
    assert found is not None
    assert "express" not in lock_packages(context, found)


@pytest.mark.parametrize(("name", "text"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS])
def test_what_only_development_needs(tmp_path: Path, name: str, text: str) -> None:
    context = lay(tmp_path, {"package.json": PACKAGE, name: text})
    found = node_project(context)
    assert found is not None
    packages = lock_packages(context, found)
    assert {package for package, entry in packages.items() if entry.dev} == {"jest"}
    assert set(packages) == {"@types/node", "debug", "express", "jest"}
    assert packages["express"].versions == ("4.0.0",)
    assert set(packages["express"].requires) == {"debug", "@types/node"}


def test_npm_v1(tmp_path: Path) -> None:
    context = lay(tmp_path, {"package.json": PACKAGE, "package-lock.json": NPM_V1})
    found = node_project(context)
    assert found is not None
    packages = lock_packages(context, found)
    assert {name for name, entry in packages.items() if entry.dev} == {"jest"}
    assert set(packages["debug"].versions) == {"4.0.0", "2.0.0"}
    assert packages["fsevents"].optional
    assert packages["jest"].install_script is None
    assert packages["jest"].bins is None


def test_npm_v3(tmp_path: Path) -> None:
    context = lay(tmp_path, {"package.json": PACKAGE, "package-lock.json": NPM_V3})
    found = node_project(context)
    assert found is not None
    packages = lock_packages(context, found)
    assert {name for name, entry in packages.items() if entry.dev} == {"jest"}
    assert {name for name, entry in packages.items() if entry.install_script} == {
        "@prisma/engines",
        "fsevents",
    }
    assert locked_programs(packages, "jest") == ("jest",)
    assert locked_programs(packages, "@prisma/engines") == ("engines",)
    assert locked_programs(packages, "express") == ()  # the lock shows that there are none
    assert locked_programs(packages, "left-pad") is None


@pytest.mark.parametrize(
    ("name", "text"), [pytest.param(*row[1:], id=row[0]) for row in LOCKS if row[0] in ("berry", "bun")]
)
def test_which_package_brings_a_command(tmp_path: Path, name: str, text: str) -> None:
    context = lay(tmp_path, {"package.json": PACKAGE, name: text})
    found = node_project(context)
    assert found is not None
    assert locked_programs(lock_packages(context, found), "jest") == ("jest",)


def test_members_of_a_workspace_need_theirs(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "package.json": {"workspaces": ["packages/*"], "devDependencies": {"express": "^4.0.0"}},
        "packages/a/package.json": {"dependencies": {"jest": "^29.0.0"}},
        "yarn.lock": YARN1,
    }
    context = lay(tmp_path, files)
    for directory in ("", "packages/a"):
        found = node_project(context, directory)
        assert found is not None
        packages = lock_packages(context, found)
        assert {name for name, entry in packages.items() if entry.dev} == {"express", "@types/node"}
