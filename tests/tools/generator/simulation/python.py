"""Python: pip, uv, venv, and the interpreter."""

from __future__ import annotations

import codecs
import posixpath
import re
import tomllib
from itertools import pairwise

from tools.generator.simulation.bases import installed
from tools.generator.simulation.files import Missing, Node
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import (
    COMMANDS,
    Shell,
    Unmodelled,
    command,
    program,
)

PYPI = {  # distribution: its module, its programs
    "six": ("six", ()),
    "idna": ("idna", ()),
    "colorama": ("colorama", ()),
    "tabulate": ("tabulate", ("tabulate",)),
    "click": ("click", ()),
    "markupsafe": ("markupsafe", ()),
    "gunicorn": ("gunicorn", ("gunicorn",)),
    "supervisor": ("supervisor", ("supervisord", "supervisorctl")),
    "pyflakes": ("pyflakes", ("pyflakes",)),
    "iniconfig": ("iniconfig", ()),
    "psycopg2": ("psycopg2", ()),
    "uwsgi": ("uwsgi", ()),
    "uv": ("uv", ("uv",)),
    "poetry": ("poetry", ("poetry",)),
    "pipenv": ("pipenv", ("pipenv",)),
    "flask": ("flask", ("flask",)),
    "python-dotenv": ("dotenv", ("dotenv",)),
    "alembic": ("alembic", ("alembic",)),
    "wheel": ("wheel", ("wheel",)),
    "grpcio-tools": ("grpc_tools", ()),
    "pip": ("pip", ("pip", "pip3")),
    "setuptools": ("setuptools", ()),
}
# What others ask for in a newer version than base images bring (files.pythonhosted.org, 2026-11).
_UPGRADED = {"pipenv": "setuptools", "grpcio-tools": "setuptools"}
_COMPILED = {"psycopg2": {"libpq-dev"}, "uwsgi": {"libc6-dev"}}  # without a wheel: the headers
_EXPAT = "/usr/lib/x86_64-linux-gnu/libexpat"
_PURELIB = "/usr/local/lib/python3.11/site-packages"


def _site(shell: Shell, python: str) -> tuple[str, str]:
    """Where an interpreter has packages and programs."""
    prefix = posixpath.dirname(posixpath.dirname(python))
    if shell.files.is_file(f"{prefix}/pyvenv.cfg"):
        return f"{prefix}/lib/python3.11/site-packages", f"{prefix}/bin"
    if python.startswith("/usr/bin"):
        return "/usr/local/lib/python3.11/dist-packages", "/usr/local/bin"
    return _PURELIB, "/usr/local/bin"


@command("pip", "pip3")
def _pip(shell: Shell, argv: list[str]) -> int:
    place = shell.find(argv[0]) or argv[0]
    return pip(shell, posixpath.join(posixpath.dirname(place), "python"), argv)


def pip(shell: Shell, python: str, argv: list[str]) -> int:
    known = """
        q upgrade U user no-cache-dir no-deps break-system-packages disable-pip-version-check no-input
        pre y system no-index no-cache no-compile root-user-action compile no-warn-script-location
    """
    flags, named, words = split_options(
        argv,
        known + " e",
        "r c i w wheel-dir index-url prefix target t extra-index-url find-links f root-user-action python",
    )
    action, rest = words[0], words[1:]
    if action in ("cache", "check", "list", "freeze", "config"):
        return 0
    site, scripts = _site(shell, python)
    if "user" in flags:
        home = shell.env.get("HOME", "/root")
        site, scripts = f"{home}/.local/lib/python3.11/site-packages", f"{home}/.local/bin"
    if prefix := named.get("prefix"):
        site, scripts = f"{prefix}/lib/python3.11/site-packages", f"{prefix}/bin"
    if target := named.get("target") or named.get("t"):
        site = shell.path(target)
        scripts = f"{site}/bin"
    if action == "uninstall":
        for name in rest:
            if _plain(name) in PYPI:
                for place in (PYPI[_plain(name)][0], f"{_plain(name)}-*.dist-info"):
                    for each in shell.files.glob(f"{site}/{place}"):
                        shell.files.remove(each)
        return 0
    if action == "wheel":
        shell.files.make_directories(shell.path(named.get("w") or named["wheel-dir"]))
        return 0
    if action != "install":
        raise Unmodelled(f"{argv}")
    wanted: list[str] = []
    if "r" in named:
        # split_options keeps the last of several -r
        for number, word in enumerate(argv):
            if word in ("-r", "--requirement"):
                found = requirements(shell, shell.path(argv[number + 1]))
                if found is None:
                    return shell.say(f"pip: {argv[number + 1]} not found")
                wanted += found
    names: list[str] = []
    for word in [*wanted, *rest]:
        editable = word.startswith("-e ") or (word in rest and "e" in flags)
        word = word.removeprefix("-e ")
        if word.startswith((".", "/")):
            status = _local(shell, word, editable, site, scripts, python, names)
            if status:
                return status
        else:
            names.append(word)
    upgrades = bool(flags & {"U", "upgrade"})
    _describe(shell, [*rest, *names] if upgrades else names, site, every=upgrades)
    return install_distributions(shell, names, site, scripts, python)


def _describe(shell: Shell, names: list[str], site: str, *, every: bool) -> None:
    """The metadata of packaging tools: an install that upgrades one replaces it."""
    newer = {_plain(n) for n in names if every or ">=" in n}
    for name in newer | {_UPGRADED[_plain(n)] for n in names if _plain(n) in _UPGRADED}:
        for old in shell.files.glob(f"{site}/{name}-*.dist-info"):
            shell.files.remove(old)
            shell.files.add(f"{site}/{name}-99.dist-info/METADATA", f"Name: {name}\n")


def _plain(name: str) -> str:
    return re.split(r"[=<>~!\[; @]", name)[0].lower()


def install_distributions(shell: Shell, names: list[str], site: str, scripts: str, python: str) -> int:
    owner = {"uid": shell.uid, "gid": shell.gid}
    for name in names:
        if _plain(name) not in PYPI:
            raise Unmodelled(f"PyPI {name}")
        module, programs = PYPI[_plain(name)]
        if module in _COMPILED and not (shell.find("gcc") and installed(shell.files) & _COMPILED[module]):
            return shell.say(f"pip: cannot compile {name}")
        if shell.uid and not shell.may_write(f"{site}/x") and shell.files.is_directory(site):
            return shell.say("pip: permission denied")
        shell.files.make_directories(f"{site}/{module}", **owner)
        shell.files.write(f"{site}/{module}/__init__.py", f"{name}\n", **owner)
        for each in programs:
            text = f"#!{python}\n# program of {module}: {each}\n"
            shell.files.make_directories(scripts, **owner)
            shell.files.write(f"{scripts}/{each}", text, mode=0o755, **owner)
        if module == "uwsgi":  # it is linked with what its build finds
            linked = f" {_EXPAT}.so.1" if shell.files.is_file(f"{_EXPAT}.a") else ""
            shell.files.add(f"{scripts}/uwsgi", f"\x7fELF uwsgi{linked}", 0o755)
    home = shell.env.get("HOME", "/root")
    if names and "PIP_NO_CACHE_DIR" not in shell.env:
        shell.files.make_directories(f"{home}/.cache/pip", **owner)
    return 0


def requirements(shell: Shell, path: str) -> list[str] | None:
    try:
        data = shell.files.read(path)
    except Missing:
        return None
    text = data.decode("utf-16" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8")
    names: list[str] = []
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith(("-r ", "-c ")):
            more = requirements(shell, posixpath.join(posixpath.dirname(path), line[3:].strip()))
            if more is None:
                return None
            names += more if line.startswith("-r") else []
        elif line:
            names.append(line)
    return names


def _local(
    shell: Shell, word: str, editable: bool, site: str, scripts: str, python: str, names: list[str]
) -> int:
    """Installs the project of a directory."""
    path, _, extras = word.partition("[")
    root = shell.path(path)
    try:
        data = tomllib.loads(shell.files.text(f"{root}/pyproject.toml"))
    except Missing:
        return shell.say("pip: no pyproject.toml")
    project = data["project"]
    names += project.get("dependencies", [])
    for extra in extras.rstrip("]").split(","):
        names += project.get("optional-dependencies", {}).get(extra.strip(), [])
    package = project["name"].replace("-", "_")
    source = next(
        (f"{root}/{d}{package}" for d in ("src/", "") if shell.files.is_directory(f"{root}/{d}{package}")), ""
    )
    if not source:
        return shell.say(f"pip: no package {package} in {root}")
    shell.files.make_directories(site)
    if editable:
        shell.files.write(f"{site}/__editable__{package}.pth", posixpath.dirname(source) + "\n")
    else:
        shell.files.make_directories(f"{site}/{package}")
        for place in shell.files.below(source):
            node = shell.files.nodes[place]
            if node.kind == "file":
                shell.files.add(f"{site}/{package}{place[len(source) :]}", node.data)
    for name, entry in project.get("scripts", {}).items():
        shell.files.make_directories(scripts)
        shell.files.write(f"{scripts}/{name}", f"#!{python}\n# entry {entry}\n", mode=0o755)
    return 0


def python_path(shell: Shell, python: str, script: str = "") -> list[str]:
    """Where an interpreter looks for modules."""
    found = [posixpath.dirname(shell.files.real(shell.path(script))) if script else shell.cwd]
    found += [shell.path(p) for p in shell.env.get("PYTHONPATH", "").split(":") if p]
    site, _ = _site(shell, python)
    home = shell.env.get("HOME", "/root")
    for place in (site, f"{home}/.local/lib/python3.11/site-packages"):
        found.append(place)
        for each in shell.files.names(place) if shell.files.is_directory(place) else ():
            if each.endswith(".pth"):
                found += shell.files.text(f"{place}/{each}").split()
    return found


def has_module(shell: Shell, name: str, path: list[str]) -> str | None:
    for place in path:
        for each in (f"{place}/{name}.py", f"{place}/{name}/__init__.py"):
            if shell.files.is_file(each) and shell.reachable(each):
                return each
    return None


@command("python", "python3", "python3.11")
def _python(shell: Shell, argv: list[str]) -> int:
    python = shell.find(argv[0]) or argv[0]
    words = argv[1:]
    while words and words[0] in ("-u", "-B", "-O", "-I"):
        words.pop(0)
    if not words and shell.stdin:
        known = shell.behaviour(shell, [python, "-"], shell.stdin.encode())
        return known if known is not None else _unknown(argv)
    if not words or words[0] in ("--version", "-V"):
        return 0
    if words[0] == "-c":
        return 0 if re.fullmatch(r"(import \w+;? ?)*(print\(.*\))?", words[1]) else _unknown(argv)
    if words[0] == "-m":
        return _module(shell, python, words[1], words)
    path = shell.path(words[0])
    if not shell.files.is_file(path):
        shell.say(f"python: {path}: not found")
        return 2
    return run_source(shell, python, path, words)


def _unknown(argv: list[str]) -> int:
    raise Unmodelled(f"{argv}")


def run_source(shell: Shell, interpreter: str, path: str, words: list[str]) -> int:
    node = shell.files.get(path)
    if node is None or not shell.allowed(node, 4) or not shell.reachable(path):
        return shell.say(f"{path}: permission denied")
    known = shell.behaviour(shell, [interpreter, shell.files.real(path), *words[1:]], shell.files.read(path))
    if known is None:
        raise Unmodelled(f"program {path}")
    return known


def _module(shell: Shell, python: str, name: str, words: list[str]) -> int:
    if name == "pip":
        return pip(shell, python, words[1:])
    if name == "venv":
        return make_venv(shell, python, shell.path(words[-1]))
    if name in ("compileall", "py_compile", "http.server"):
        return 0
    path = python_path(shell, python)
    parts = name.replace(".", "/")
    for place in path:
        for each in (f"{place}/{parts}/__main__.py", f"{place}/{parts}.py"):
            if shell.files.is_file(each):
                return run_source(shell, python, each, words[1:])
    found = has_module(shell, name, path)
    if found and "site-packages" in found:
        return COMMANDS[name](shell, [name, *words[2:]]) if name in COMMANDS else 0  # a tool
    return shell.say(f"no module {name}")


def make_venv(shell: Shell, python: str, place: str) -> int:
    shell.files.make_directories(f"{place}/bin", uid=shell.uid, gid=shell.gid)
    shell.files.write(f"{place}/pyvenv.cfg", f"home = {posixpath.dirname(shell.files.real(python))}\n")

    for name in ("python", "python3"):
        shell.files.put(f"{place}/bin/{name}", Node("link", shell.files.real(python).encode(), 0o777))
    for name in ("pip", "pip3"):
        shell.files.write(f"{place}/bin/{name}", program("pip"), mode=0o755)
    shell.files.write(
        f"{place}/bin/activate",
        f"VIRTUAL_ENV={place}; export VIRTUAL_ENV; PATH={place}/bin:$PATH; export PATH\n",
    )
    shell.files.make_directories(f"{place}/lib/python3.11/site-packages")
    return 0


@command("gunicorn")
def _gunicorn(shell: Shell, argv: list[str]) -> int:
    for word, value in pairwise(argv):
        if word == "-c" and not shell.files.is_file(shell.path(value)):
            return shell.say(f"gunicorn: {value}")
    python = shell.find("python") or "/usr/local/bin/python"
    return run_source(shell, python, shell.path(argv[-1].partition(":")[0] + ".py"), ["gunicorn"])


@command("alembic")
def _alembic(shell: Shell, argv: list[str]) -> int:
    """Its settings say where the migrations are."""
    _, named, _ = split_options(argv, "", "c config")
    try:
        text = shell.files.text(shell.path(named.get("c", "alembic.ini")))
        place = re.search(r"(?m)^script_location = (\S+)", text)
        found = shell.path(place[1]) if place else ""
        shell.files.text(f"{found}/env.py")
        return int(not shell.files.names(f"{found}/versions"))
    except Missing as error:
        return shell.say(f"alembic: {error}")


@command("flask")
def _flask(shell: Shell, argv: list[str]) -> int:
    name = argv[argv.index("--app") + 1] if "--app" in argv else shell.env.get("FLASK_APP", "app.py")
    python = shell.find("python") or "/usr/local/bin/python"
    place = shell.path(name if name.endswith(".py") else f"{name}.py")
    if not shell.files.is_file(place):
        return shell.say(f"flask: {place}")
    return run_source(shell, python, place, ["flask"])


@command("supervisord")
def _supervisord(shell: Shell, argv: list[str]) -> int:
    _, named, _ = split_options(argv, "n nodaemon", "c configuration")
    place = named.get("c") or named.get("configuration") or "/etc/supervisord.conf"
    try:
        text = shell.files.text(shell.path(place))
    except Missing:
        return shell.say(f"supervisord: {place}")
    if match := re.search(r"(?m)^files *= *(.*)$", text):
        text += "".join(shell.files.text(p) for p in shell.files.glob(match[1].strip()))
    status = 0
    for line in re.split(r"(?m)^\[program:", text)[1:]:
        words = re.search(r"(?m)^command *= *(.*)$", line)[1].split()  # type: ignore[index]
        place = re.search(r"(?m)^directory *= *(.*)$", line)
        status = shell.child(cwd=place[1].strip() if place else shell.cwd).start(words) or status
    return status
