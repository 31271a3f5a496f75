"""Python: installers, virtual environments, and programs that run the application's code."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from msgspec.structs import replace

from slimify.facts.commands import commands, values
from slimify.languages.python import LANGUAGE
from slimify.languages.python.commands.data import code_downloads, nltk, playwright, spacy
from slimify.languages.python.commands.django import django
from slimify.languages.python.commands.environments import (
    cloned_sources,
    environment,
    install_target,
    with_data,
    with_venv,
)
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, Package
from slimify.model.regex import regex
from slimify.semantics.effects.call import Arg, Call, literal_arg, package
from slimify.semantics.effects.fetch import download_url, installer_effects, is_fetched_script
from slimify.semantics.effects.printed import stdin_text
from slimify.semantics.effects.state import State

_NAME = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~;,(@\s].*)?\Z", re.DOTALL)
_VCS = regex(r"(?:git|hg|svn|bzr)\+|https?://|ssh://|file:")
_HARMLESS = regex(
    r"(?:\s*(?:import|from)\s+[\w., ]+(?:import\s+[\w., *()]+)?(?:\s+as\s+\w+)?\s*[;\n]?"
    r"|\s*print\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*[;\n]?|\s*assert\s[^;\n]*[;\n]?)*\s*\Z"
)


def pip(call: Call, manager: str = "pip") -> tuple[Effect, ...]:
    """pip, and tools with its command line; `manager` is the installer that effects name."""
    options = call.options(values("pip", "python"))
    action, names = options.verb
    if action in ("install", "sync", "uninstall", "download", "wheel"):
        return _pip_install(call, manager, action, names)
    if action == "config":
        if not {"set", "unset", "edit"} & {w.value for w in names}:
            return call.effect("check", "config")
        path = "/etc/pip.conf" if options.has("--global") else call.word(".config/pip/pip.conf")
        return call.write_effect("files", "config", writes=(path,))
    if action == "cache":
        return call.effect("cache", "cache", deletes=_cache(call, "pip", ".cache/pip", "PIP_CACHE_DIR"))
    if action == "compile":
        output = options.all("-o", "--output-file")
        return call.write_effect("files", "compile", writes=output, reads=call.known_paths(names))
    return call.effect("check", action)


def _pip_install(call: Call, manager: str, action: str, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    options = call.options(values("pip", "python"))
    editable = options.all("-e", "--editable")
    requirements = options.all("-r", "--requirement") + (words if action == "sync" else ())
    constraints = options.all("-c", "--constraint") if action != "sync" else ()
    packages, local, why = _requested(() if action == "sync" else words)
    reads = call.known_paths((*local, *editable))
    where: tuple[Arg | str, ...]
    if action in ("download", "wheel"):
        where = options.all("-d", "--dest", "-w", "--wheel-dir")[-1:] or (".",)
    else:
        where = (*install_target(call, options, manager), *_editable_sources(call, editable))
    manifests = call.known_paths((*requirements, *constraints)) + _projects(call, reads)
    if action not in ("uninstall", "download", "wheel"):
        named = any(_VCS.match(w.value or w.text) for w in editable)
        cloned = cloned_sources(call, options, where, manifests, named=named) if manager == "pip" else ()
        where = with_data(call, (*where, *cloned), packages, manifests)
    caches: tuple[str, ...] = ()
    if manager == "uv":
        if not options.has("--no-cache", "-n") and not call.state.get("UV_NO_CACHE"):
            caches = _cache(call, "uv", ".cache/uv", "UV_CACHE_DIR")
    elif not (options.has("--no-cache-dir", "--no-cache") or _no_cache(call.state.get("PIP_NO_CACHE_DIR"))):
        caches = _cache(call, "pip", ".cache/pip", "PIP_CACHE_DIR")
    return call.write_effect(
        "install",
        action + (" -e" if editable else ""),
        manager=manager,
        packages=packages,
        manifests=manifests,
        reads=reads,
        writes=where,
        caches=caches,
        why=why,
    )


def _editable_sources(call: Call, words: tuple[Arg, ...]) -> tuple[str, ...]:
    """The directories with metadata of an editable install, next to the sources."""
    local = [w for w in words if w.value and not _VCS.match(w.value)]
    return call.known_paths(tuple(replace(w, value=(w.value or "").partition("[")[0]) for w in local))


def _no_cache(value: str | None) -> bool:
    """PIP_NO_CACHE_DIR: pip takes any value, even 0 or off, as a request not to cache."""
    return bool(value)


def _requested(words: tuple[Arg, ...]) -> tuple[tuple[Package, ...], tuple[Arg, ...], Reason | None]:
    """Packages by name, local projects and files, and a word that could not be resolved."""
    packages: list[Package] = []
    local: list[Arg] = []
    why: Reason | None = None
    for arg in words:
        text = arg.value
        if text is None:
            match = re.match(r"[\"']?([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[\w,-]+\])?[=<>~!]=?", arg.text)
            packages.append(package(arg, match[1] if match else ""))
            why = why if match else why or Reason.of("SL221", "packages", word=arg.text)
            continue
        if _VCS.match(text):
            packages.append(package(arg, _package_at(text)))
        elif text.startswith((".", "/", "~")) or text.endswith((".whl", ".tar.gz", ".zip")):
            local.append(replace(arg, value=text.partition("[")[0]))
            match = (
                re.match(r"([A-Za-z0-9_.]+?)-\d", posixpath.basename(text)) if text.endswith(".whl") else None
            )
            if match:
                packages.append(package(arg, match[1]))
        elif (match := _NAME.match(text)) is not None:
            packages.append(package(arg, match[1]))
    return tuple(packages), tuple(local), why


def _package_at(address: str) -> str:
    """The package that an address most likely contains: `#egg=`, else its last part."""
    egg = re.search(r"#egg=([\w.-]+)", address)
    if egg:
        return egg[1]
    tail = re.sub(r"[@#?].*", "", address.partition("://")[2] or address).rstrip("/").rpartition("/")[2]
    wheel = re.match(r"([A-Za-z0-9_.]+?)-\d.*\.(?:whl|tar\.gz|zip)\Z", tail)
    return wheel[1] if wheel else re.sub(r"(?:\.git|\.tar\.gz|\.zip|\.whl)\Z", "", tail)


def _projects(call: Call, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The manifests of local projects that are installed."""
    view = call.state.view
    found = (
        posixpath.join(path, name) for path in paths for name in ("pyproject.toml", "setup.py", "setup.cfg")
    )
    return tuple(path for path in found if view.context_path(path) is not None)


def _cache(call: Call, tool: str, default: str, variable: str) -> tuple[str, ...]:
    path = call.cache(variable, default)
    option = next(
        (a.prefix.partition("=")[2] for a in call.args if a.prefix.startswith("--cache-dir=")), None
    )
    place = option or path
    return (place,) if place else ()


def python(call: Call) -> tuple[Effect, ...]:
    """The interpreter: a module, code from -c or standard input, or a program."""
    args = list(call.args)
    while (
        args
        and args[0].prefix.startswith("-")
        and args[0].prefix[:2] not in ("-m", "-c")
        and args[0].value != "-"
    ):
        flag = args.pop(0)
        if flag.value in ("-W", "-X"):
            args = args[1:]
        elif flag.value in ("-V", "--version", "-VV", "-h", "--help"):
            return call.effect("check")
        elif flag.value and re.fullmatch(r"-[a-zA-Z]+[mc]", flag.value):
            args.insert(0, Arg(value="-" + flag.value[-1], text=flag.text, prefix="-" + flag.value[-1]))
    if not args or args[0].value == "-":
        text = stdin_text(call)
        return _code(call, text) if text is not None else _piped(call)
    head = args[0].prefix
    if head.startswith("-m"):
        rest = args[1:] if head == "-m" else [literal_arg(head[2:]), *args[1:]]
        return _module(call, tuple(rest))
    if head.startswith("-c"):
        return _code(call, args[1].value if head == "-c" and len(args) > 1 else head[2:] or None)
    return _program(call, tuple(args))


def _piped(call: Call) -> tuple[Effect, ...]:
    if address := download_url(call.upstream):
        found = installer_effects(call, address)
        return found or call.unknown(Reason.of("SL221", "program_address", address=address))
    return call.unknown(Reason.of("SL221", "printed_program")) if call.upstream else call.effect("check")


def _module(call: Call, args: tuple[Arg, ...]) -> tuple[Effect, ...]:
    name = (args[0].value or "") if args else ""
    inner = replace(call, args=args[1:])
    if name in ("pip", "pip3", "pip._internal"):
        return pip(inner)
    if name in ("venv", "virtualenv"):
        return venv(inner)
    if name == "ensurepip":
        return call.write_effect("install", "ensurepip", manager="pip", writes=environment(call))
    known = commands().known.get(name)  # a linter is the same by its module
    own = known.kind if known is not None and known.kind == "check" else None
    kind = LANGUAGE.facts("commands.toml")["modules"].get(name, own)
    if name in ("compileall", "py_compile"):
        return _bytecode(inner, name)
    if kind == "check":
        return call.effect("check", name)
    if kind == "build":
        return call.write_effect("build", name, writes=(".",))
    if name in ("nltk.downloader", "spacy", "playwright", "spacy.cli.download", "nltk"):
        return _download_module(inner, name)
    if name in ("poetry", "pipenv", "uv", "pdm", "flask", "django", "conda"):
        program = literal_arg("django-admin" if name == "django" else name)
        return call.start((program, *args[1:]))
    return call.application_code(name)


def _bytecode(call: Call, name: str) -> tuple[Effect, ...]:
    """compileall, py_compile: bytecode next to the named sources, or a mere check if there are none."""
    valued = ("-d", "-e", "-i", "-j", "-o", "-p", "-r", "-s", "-x", "--invalidation-mode")
    words = call.options(valued).operands
    paths = call.known_paths(words)
    if not paths or len(paths) < len(words) or "/" in paths:
        return call.effect("check", name)
    return call.effect("files", name, reads=paths, writes=paths)


def _download_module(call: Call, name: str) -> tuple[Effect, ...]:
    if name.startswith("nltk"):
        return nltk(call)
    if name.startswith("spacy"):
        return spacy(call if name == "spacy" else replace(call, args=(literal_arg("download"), *call.args)))
    return playwright(call)


def _code(call: Call, code: str | None) -> tuple[Effect, ...]:
    """Program text: a known download, imports that only test, or the application."""
    if code is None:
        return call.application_code("-c")
    found = code_downloads(call, code)
    if found is not None:
        return found
    if _HARMLESS.match(code):
        return call.effect("check", "-c")
    return call.application_code("-c")


def _program(call: Call, args: tuple[Arg, ...]) -> tuple[Effect, ...]:
    script = args[0]
    base = posixpath.basename(script.value or script.text)
    inner = replace(call, args=args[1:])
    if base == "peep.py":  # pip with hashes, before pip supported them
        return tuple(replace(e, reads=e.reads + call.known_paths((script,))) for e in pip(inner))
    if base == "setup.py":
        return _setup(inner, script)
    if base == "manage.py":
        return django(inner)
    path = call.path_of(script)
    text = call.state.view.text(path) if path is not None else None
    if path is not None and text is not None and is_fetched_script(text):
        return call.run(text, call.state, "file", path)
    known = (
        installer_effects(call, base)
        if base in ("get-pip.py", "install-poetry.py", "get-poetry.py", "install-pdm.py")
        else None
    )
    if known:
        return known
    if base in ("waf", "configure.py", "meson.py") or base.endswith("/waf"):
        return call.write_effect("build", base, writes=(".",))
    name = base.removesuffix(".py")
    if (
        script.value
        and posixpath.dirname(script.value).endswith("/bin")
        and name in ("pip", "pip3", "poetry")
    ):
        return call.start(args)
    return inner.application_code(base, reads=call.known_paths((script,)))


def _setup(call: Call, script: Arg) -> tuple[Effect, ...]:
    """setup.py install, develop, build…: setuptools' own commands."""
    path = call.path_of(script)
    where = posixpath.dirname(path) if path else call.state.cwd
    actions = [a.value or "" for a in call.args if not a.prefix.startswith("-")]
    reads = (where,) if where else ()
    manifests = (path,) if path else ()
    if "install" in actions or "develop" in actions:
        options = call.options(("--prefix", "--root", "--record", "--install-lib"))
        return call.write_effect(
            "install",
            "install" if "install" in actions else "install -e",
            manager="setup.py",
            manifests=manifests,
            reads=reads,
            writes=(*install_target(call, options, "pip"), *reads),
        )
    if not actions or actions[0] in ("test", "check", "lint"):
        return call.effect("check", " ".join(actions))
    return call.effect(
        "build",
        " ".join(actions),
        writes=reads,
        writes_anywhere=not reads,
        why=None if reads else Reason.of("SL221", "its_directory"),
    )


def venv(call: Call) -> tuple[Effect, ...]:
    """python -m venv, virtualenv, uv venv: the directories named."""
    where: tuple[Arg | str, ...] = call.options(values("venv", "python")).operands
    if not where and call.name == "uv":
        where = (".venv",)
    return call.write_effect("install", "venv", manager="venv", writes=where)


def virtualenv(call: Call) -> tuple[Effect, ...]:
    return call.effect("check") if call.flag("--version") else venv(call)


def easy_install(call: Call) -> tuple[Effect, ...]:
    args = (literal_arg("install"), *call.args)
    return pip(replace(call, args=args), "pip")


def server(call: Call) -> tuple[Effect, ...]:
    return call.application_code(call.first)


def flask(call: Call) -> tuple[Effect, ...]:
    return (
        call.effect("check", call.first)
        if call.first in ("--version", "routes")
        else call.application_code(call.first)
    )


def _state_after(call: Call, state: State) -> State:
    values = [a.value for a in call.args]
    if "-m" in values and {"venv", "virtualenv"} & set(values):
        at = values.index("-m")
        return with_venv(replace(call, args=call.args[at + 2 :], name="venv"), state)
    return state


STATE_CHANGES: dict[str, Callable[[Call, State], State]] = {
    "virtualenv": with_venv,
    **dict.fromkeys(("python", "python3"), _state_after),
}
