"""Finds who knows a command: by name, by the script it is, by the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from slimify.facts.commands import commands
from slimify.model.effects import Effect
from slimify.semantics.effects import shells
from slimify.semantics.effects.call import Call
from slimify.semantics.effects.table import row_effects

Handler = Callable[[Call], tuple[Effect, ...]]
# The programs that each module beside this one knows. Kept as a list, so that a module is imported when one
# of its programs is met and not before: that is a fifth of what a start costs.
MODULES = {
    "semantics.effects.system": (
        "add-apt-repository addgroup adduser apk apt apt-add-repository apt-fast apt-get apt-key "
        "apt-mark aptitude clean-install delgroup deluser dnf dnf-config-manager dnf5 dpkg "
        "extrepo gpg gpg2 groupadd groupdel install_packages microdnf rpm subscription-manager "
        "tdnf useradd userdel xx-apk xx-apt xx-apt-get yum yum-config-manager zypper"
    ),
    "semantics.effects.files": (
        "autopep8 black chgrp chmod chown cp dd gofmt gofumpt goimports install isort ln mv patch "
        "perl rm rsync ruff sed yq"
    ),
    "semantics.effects.find": "find xargs",
    "semantics.effects.unpack": (
        "7z 7za bsdtar bunzip2 bzip2 gtar gunzip gzip pigz tar uncompress unlzma unxz unzip "
        "unzstd xz zip zstd"
    ),
    "semantics.effects.fetch": "curl git wget",
    "semantics.effects.shells": "ash bash dash eval java php ruby runuser sh su",
    "languages.python.commands.python": (
        "aerich airflow alembic celery daphne dbt django-admin easy_install flask gunicorn "
        "hypercorn ipython jupyter manage.py paster pip prefect pserve pypy python rasa scrapy "
        "streamlit superset uvicorn virtualenv waitress-serve"
    ),
    "languages.python.commands.data": "playwright spacy",
    "languages.python.commands.poetry": "pipenv poetry",
    "languages.python.commands.uv": "pdm uv uvx",
    "languages.python.commands.conda": "conda mamba micromamba pip-compile pip-sync pipx",
    "languages.node.commands.npm": "cnpm npm",
    "languages.node.commands.yarn": "yarn yarnpkg",
    "languages.node.commands.pnpm": "bun pnpm",
    "languages.node.commands.tools": "bunx deno node nodejs npx pnpx",
    "languages.node.commands.launchers": (
        "better-npm-run bower concurrently corepack cross-env cross-env-shell cross-os del del-cli "
        "dotenv dotenvx env-cmd fnm husky lerna make-dir make-dir-cli mkdirp n npm-run-all "
        "npm-run-all2 npm-watch nvm pm2 premove rimraf run-p run-s shx turbo volta"
    ),
    "languages.go.commands.go": "garble go go1 protoc richgo tinygo xx-go",
    "languages.go.commands.go_wrapper": "go-wrapper",
    "semantics.effects.make": "bmake cargo cmake gmake just make meson ninja ninja-build rustup samu task",
}
_MODULE_OF = {name: module for module, names in MODULES.items() for name in names.split()}


def handler_of(name: str) -> Handler | None:
    """What interprets a call of this program, if a module does."""
    module = _MODULE_OF.get(name)
    if module is None:
        return None
    handlers: dict[str, Handler] = import_module(f"slimify.{module}").HANDLERS
    return handlers[name]


# Programs whose file name carries a version or a target: python3.11, pip3, gcc-12, x86_64-linux-gnu-gcc.
_VERSIONED = re.compile(
    r"(python|pip|pypy|easy_install|virtualenv|go|clang|clang\+\+|gcc|g\+\+|gfortran|llvm-config)-?\d[\d.]*\w*\Z"
)
_TARGETED = re.compile(r"[\w]+-(?:[\w]+-)*linux-(?:gnu|musl)\w*-(\S+)\Z")
_VERSION_ONLY = frozenset({"--version", "-version", "-V", "--help", "version"})


def plain_name(name: str) -> str:
    """The name of a program without version and target."""
    targeted = _TARGETED.match(name)
    name = targeted[1] if targeted else name
    versioned = _VERSIONED.match(name)
    return versioned[1] if versioned else name


def effects_of(call: Call) -> tuple[Effect, ...]:
    """What one command does; at least one effect."""
    if not call.path:
        return (call.unknown("which program is started"),)
    name = plain_name(call.name)
    if (
        len(call.args) == 1
        and call.args[0].value in _VERSION_ONLY
        and name not in ("which", "command", "npm", "cd")
    ):
        return (call.effect("check"),)
    handler = handler_of(name)
    if handler is not None and not (call.path.startswith(("./", "../")) and name not in ("manage.py",)):
        return handler(call)
    script = shells.program_file(call)
    if script is not None:
        return script
    if handler is not None:
        return handler(call)
    tables = commands()
    known = tables.known.get(name)
    if known is not None:
        return row_effects(call, known)
    kind = tables.node_tools.get(name)
    if kind is not None:
        from slimify.languages.node.commands.tools import node_tool

        return node_tool(call, kind)
    if name.endswith((".sh", ".py")):
        return (call.unknown(f"the script {call.path} is not in the build context"),)
    return (call.unknown(f"what {call.name} does"),)
