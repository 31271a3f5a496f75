"""What Node's package managers share: names, caches, directories, and the results of an install."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from functools import cache

from msgspec import Struct, convert
from msgspec.structs import replace

from slimify.facts.commands import values
from slimify.facts.system import is_plain_root
from slimify.languages.node import LANGUAGE
from slimify.languages.node.commands.project import (
    dependency,
    manifests,
    package_json,
    project_of,
    run_script,
    scripts,
    workspace_root,
    workspaces,
)
from slimify.model.decisions import Reason
from slimify.model.effects import Effect, Package
from slimify.semantics.effects.call import NO_SPAN, Arg, Call, Options, package
from slimify.semantics.effects.state import State, absolute
from slimify.semantics.effects.table import verb_effects


def only_shows(action: str) -> bool:
    """Whether a subcommand of npm, yarn or pnpm changes nothing."""
    return action in LANGUAGE.words("toolchain.toml", "installs", "checking")


def manager_verb(call: Call, manager: str, verb: str, rest: tuple[Arg, ...]) -> tuple[Effect, ...] | None:
    """The effects of a subcommand that is a row of the table; None if it is none."""
    found = verb_effects(call, manager, verb, rest, of="node")
    if found is None or found[0].kind == "check":
        return found
    effect = replace(found[0], manager=manager)
    if effect.kind == "cache":
        effect = replace(effect, deletes=node_caches(call, manager, call.options(values("npm", "node"))))
    return (replace(effect, manifests=manifests(call.state)) if effect.kind == "install" else effect,)


def package_name(text: str) -> str:
    """`@scope/name@version` or `name@version` without the version; the last part of an address."""
    if re.match(r"(?:git\+|https?:|git:|github:|ssh:)", text) or re.fullmatch(
        r"[\w-]+/[\w.-]+(?:#.*)?", text
    ):
        tail = re.sub(r"[#?].*", "", text).rstrip("/").rpartition("/")[2]
        return re.sub(r"(?:\.git|\.tgz)\Z", "", tail)
    alias = re.match(r"(@?[^@]+)@npm:", text)
    return alias[1] if alias else re.sub(r"(?<=.)@.*\Z", "", text)


def node_packages(words: tuple[Arg, ...]) -> tuple[Package, ...]:
    return tuple(
        package(w, package_name(w.value) if w.value else name_before_version(w.text))
        for w in words
        if w.value != "."
    )


def name_before_version(text: str) -> str:
    """The name before an unknown version: `npm@$VERSION`."""
    match = re.match(r"[\"']?(@?[\w./-]+)@", text)
    return match[1] if match else ""


def in_directory(call: Call, options: Options) -> Call:
    """The call as if started in the directory of `--prefix DIR`, `--cwd DIR` or `-C DIR`."""
    word = options.last("--prefix", "--cwd", "--dir") or (
        options.last("-C") if call.name in ("pnpm", "npm") else None
    )
    if word is None:
        return call
    place = absolute(word.value, call.state) if word.value is not None else None
    return replace(call, state=replace(call.state, cwd=place))


def node_caches(call: Call, manager: str, options: Options | None = None) -> tuple[str, ...]:
    """Where a package manager keeps its cache: by an option of the call, a variable, or settings."""
    state = call.state
    row = LANGUAGE.facts("toolchain.toml")["caches"][manager]
    option = options.last(*row["options"]) if options is not None else None
    if option is not None:
        return call.known_paths((option,))
    project = project_of(state)
    settings = project.settings if project is not None else {}
    written = next((settings[key] for key in row["settings"] if "$" not in settings.get(key, "$")), None)
    named = next((value for variable in row["variables"] if (value := state.get(variable))), written)
    named = state.settings.get(f"{manager} cache", named) if manager == "npm" else named
    if named:
        return call.known_paths((named,))
    found = tuple(path for place in row["home"] if (path := call.cache("", place)) is not None)
    # as root, yarn 1 keeps its cache beside the installed programs
    return (
        ("/usr/local/share/.cache/yarn", *found) if manager == "yarn" and is_plain_root(state.user) else found
    )


def installs_dev(state: State, options: Options, manager: str) -> bool:
    """Whether development dependencies are installed; True if unknown."""
    kept = ",".join(a.shown for a in options.all("--include", "--also"))
    if "dev" in kept or options.has("--dev") or options.value("--production", "--prod") == "false":
        return True
    if options.has("--production", "--prod", "-P") or (manager == "bun" and options.has("-p")):
        return (
            options.value("--production", "--prod") not in (None, "true", "1", "")
            if options.last("--production", "--prod")
            else False
        )
    left = ",".join(a.shown for a in options.all("--omit", "--only"))
    if re.search(r"dev|prod", left) and options.value("--only") != "dev":
        return False
    if "dev" in (state.get("NPM_CONFIG_OMIT") or state.settings.get("npm omit") or ""):
        return False
    if (state.get("NPM_CONFIG_PRODUCTION") or state.settings.get("npm production") or "") == "true":
        return False
    if manager == "yarn" and _is_berry(state):
        return True
    return state.get("NODE_ENV") != "production"


def _is_berry(state: State) -> bool:
    """Whether yarn 2 or later is used."""
    if state.cwd is None:
        return False
    if state.view.context_path(posixpath.join(state.cwd, ".yarnrc.yml")) is not None:
        return True
    wanted = (package_json(state) or {}).get("packageManager")
    return isinstance(wanted, str) and bool(re.match(r"yarn@[2-9]", wanted))


def _makes_node_modules(state: State) -> bool:
    """Whether yarn 2 or later is configured to create node_modules and no .pnp.cjs (some projects have only
    the loader's file)."""
    text = state.view.text(posixpath.join(state.cwd or "/", ".yarnrc.yml")) or ""
    return bool(re.search(r"(?m)^nodeLinker:\s*[\"']?(?:node-modules|pnpm)\b", text))


def _surely_made(state: State, words: tuple[Arg, ...], manager: str) -> str:
    """What an install certainly creates: node_modules, or only the project directory. A workspace has a
    node_modules of its own only if versions differ; a project without dependencies has none."""
    data = package_json(state)
    if workspaces(state) or (manager == "yarn" and _is_berry(state) and not _makes_node_modules(state)):
        return "."
    groups = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
    if data is not None and not words and not any(data.get(group) for group in groups):
        return "."
    return "node_modules"


def _shared_cache(call: Call) -> str | None:
    """The directory outside the project from which plug and play loads packages: since Yarn 4 its cache is
    in the home directory (source: yarnpkg.com/configuration/yarnrc, enableGlobalCache)."""
    project = project_of(call.state)
    settings = project.settings if project is not None else {}
    version = (project.package_manager if project is not None else None) or ""
    wanted = call.state.get("YARN_ENABLE_GLOBAL_CACHE") or settings.get("enableGlobalCache")
    since = re.search(r"yarn[@-](\d+)", f"{version} {settings.get('yarnPath', '')}")
    shared = wanted == "true" if wanted else since is None or int(since[1]) >= 4
    return call.home(".yarn/berry") if shared else None


def install(
    call: Call, options: Options, words: tuple[Arg, ...], manager: str, action: str
) -> tuple[Effect, ...]:
    """An install into node_modules of the directory and its workspaces, with the project's hooks.

    Lock files are not results of an install: they existed before, or nothing reads them afterwards.
    """
    state = call.state
    folders = options.all("--modules-folder")
    writes: list[Arg | str] = list(folders) if folders else [_surely_made(state, words, manager)]
    if words and action in ("install", "add", "remove") and not options.has("--no-save"):
        writes.append("package.json")
    caches = node_caches(call, manager, options)
    if manager == "yarn" and _is_berry(state):
        writes.append(".yarn")
        own = state.cwd is not None and _shared_cache(call) is None  # which plug and play loads packages from
        caches = (posixpath.join(state.cwd or "/", ".yarn/cache"),) if own else caches
        cache = None if _makes_node_modules(state) else _shared_cache(call)
        writes += [cache] if cache else []
    root = workspace_root(state)
    if root is not None and manager != "bun":
        writes.append(root)  # contains the packages of all members
    dev = installs_dev(state, options, manager)
    quiet = options.has("--ignore-scripts") or state.get("NPM_CONFIG_IGNORE_SCRIPTS") == "true"
    browsers = [] if quiet else [b for b in _browsers() if b.fetched(state, words, dev=dev)]
    downloads = [place for b in browsers if (place := call.home(b.place)) is not None]
    certain = _runs_install_scripts(state, manager) and not any(b.is_configured(state) for b in browsers)
    (effect,) = call.write_effect(
        "install",
        action,
        manager=manager,
        writes=(*writes, *downloads),
        possible=(*_own_versions(call, manager), *([] if certain else downloads)),
        packages=node_packages(words),
        manifests=manifests(state),
        caches=caches,
        dev=dev,
    )
    return (effect,) if quiet or words else (effect, *_hooks(call, manager, dev=dev))


def _hooks(call: Call, manager: str, *, dev: bool) -> tuple[Effect, ...]:
    """What the scripts of the project do that an install runs."""
    hooks = ["preinstall", "install", "postinstall"] + (["prepublish", "prepare"] if dev else [])
    known = [hook for hook in hooks if hook in scripts(call.state)]
    built = {"kind": "build", "writes_anywhere": False, "why": Reason.of("SL221", "hook")}
    more = (e for hook in known for e in run_script(call, hook, manager=manager))
    return tuple(replace(e, **built) if e.kind == "app" else e for e in more)


def linked_directory(call: Call, options: Options, words: tuple[Arg, ...]) -> str | None:
    """The directory that `npm install -g` links, and whose scripts it runs, as `npm link` does: the one that
    it names, or the working directory. None for packages (docs.npmjs.com, npm install <folder>)."""
    if options.has("--install-links", "--prefix") or len(words) > 1:
        return None
    path = call.path_of(words[0]) if words else call.state.cwd
    named = not words or (words[0].value or "").startswith((".", "/"))
    return path if path is not None and named and call.state.view.is_dir(path) else None


def link(call: Call, words: tuple[Arg, ...]) -> tuple[Effect, ...]:
    """`npm link`: the project is installed globally as a link, and its scripts run; with names, packages are
    linked here."""
    data = package_json(call.state) or {}
    programs = data.get("bin")
    names = [data.get("name"), *(programs if isinstance(programs, dict) else ())]
    own = tuple(Package(name=name, text="", span=NO_SPAN) for name in names if isinstance(name, str))
    (effect,) = call.write_effect(
        "install-global",
        "link",
        manager="npm",
        packages=node_packages(words) if words else own,
        writes=(*global_directories(call.state), *(("node_modules",) if words else ())),
    )
    return (effect,) if words else (effect, *_hooks(call, "npm", dev=True))


def _own_versions(call: Call, manager: str) -> tuple[str, ...]:
    """Where pnpm keeps itself in the version that package.json pins, if it is another one (pnpm.io/settings,
    managePackageManagerVersions): the first is that of pnpm 10."""
    pinned = (package_json(call.state) or {}).get("packageManager")
    if manager != "pnpm" or not isinstance(pinned, str) or not pinned.startswith("pnpm@"):
        return ()
    place = call.place("PNPM_HOME", ".local/share/pnpm")
    return tuple(posixpath.join(place, name) for name in (".tools", "global")) if place else ()


class _Browser(Struct, frozen=True, kw_only=True):
    """A package whose install downloads a browser to the home directory.

    `since` is the first major version that does; older ones store it below node_modules. `off` are variables
    that disable it, `settings` the names of files that may.
    """

    name: str
    place: str
    since: int
    off: tuple[str, ...]
    settings: tuple[str, ...]

    def is_configured(self, state: State) -> bool:
        names = (path.rpartition("/") for path in state.view.under(state.cwd or "/"))
        own = (name for directory, _, name in names if (directory or "/") == state.cwd)
        return any(fnmatchcase(name, pattern) for name in own for pattern in self.settings)

    def fetched(self, state: State, words: tuple[Arg, ...], *, dev: bool) -> bool:
        if any(state.get(variable) not in (None, "", "false") for variable in self.off):
            return False
        named = next((w.value for w in words if w.value and package_name(w.value) == self.name), None)
        wanted = named.rpartition("@")[2] if named else dependency(state, self.name, dev=dev)
        major = re.match(r"[\^~>=v\s]*(\d+)", wanted or "")
        return wanted is not None and (major is None or int(major[1]) >= self.since)


def _runs_install_scripts(state: State, manager: str) -> bool:
    """Whether an install surely runs the install scripts of every dependency."""
    return manager in LANGUAGE.words("toolchain.toml", "install_scripts", "always") and not _is_berry(state)


@cache
def _browsers() -> tuple[_Browser, ...]:
    return convert(LANGUAGE.facts("toolchain.toml")["browsers"], tuple[_Browser, ...])


def global_directories(state: State, manager: str = "npm") -> tuple[str, ...]:
    """The directories of globally installed packages and their programs.

    /usr/local in the official images and with Debian's and Alpine's npm; /usr with NodeSource's.
    """
    prefix = (
        state.get("NPM_CONFIG_PREFIX") or state.get("npm_config_prefix") or state.settings.get("npm prefix")
    )
    if manager == "yarn":
        home = state.get("HOME") if not is_plain_root(state.user) else None
        base = (f"{home}/.config/yarn/global", f"{home}/.yarn") if home else ()
        shared = ("/usr/local/share/.config/yarn/global", f"{prefix or '/usr/local'}/bin")
        return (*shared, *base)
    if manager in ("pnpm", "bun"):
        variable = state.get("PNPM_HOME" if manager == "pnpm" else "BUN_INSTALL")
        home = state.get("HOME")
        default = f"{home}/.local/share/pnpm" if manager == "pnpm" else f"{home}/.bun"
        return (variable or default, "/usr/local/bin")
    nvm = state.settings.get("nvm")
    if nvm and not prefix:
        return (nvm,)
    prefixes = (
        (prefix,) if prefix else ("/usr/local",) if "node" in state.languages else ("/usr/local", "/usr")
    )
    return tuple(place for base in prefixes for place in (f"{base}/lib/node_modules", f"{base}/bin"))


def install_globally(
    call: Call, options: Options, words: tuple[Arg, ...], manager: str, action: str
) -> tuple[Effect, ...]:
    """npm install -g, yarn global add, …"""
    places = global_directories(call.state, manager)
    prefix = options.value("--prefix")
    if prefix:
        places = call.known_paths((f"{prefix}/lib/node_modules", f"{prefix}/bin"))
    unnamed = (w.text for w in words if w.value is None and not name_before_version(w.text))
    deleting = action in ("remove", "uninstall")
    return call.effect(
        "install-global",
        action,
        manager=manager,
        packages=node_packages(words),
        writes=places,
        possible=_idle_corepack(call, words),
        caches=node_caches(call, manager, options),
        why=next((Reason.of("SL221", "stands_for", word=text) for text in unnamed), None),
        deletes=_removed_directories(places, words) if deleting else (),
    )


def _idle_corepack(call: Call, words: tuple[Arg, ...]) -> tuple[str, ...]:
    """The cache of corepack if these packages replace a shim: nothing may fill it then."""
    home = call.place("COREPACK_HOME", ".cache/node/corepack")
    replaced = {package_name(w.value) for w in words if w.value} & {"yarn", "pnpm"}
    return (home,) if home and replaced else ()


def _removed_directories(places: tuple[str, ...], words: tuple[Arg, ...]) -> tuple[str, ...]:
    """The directories of packages removed from the global ones."""
    names = [package_name(w.value) for w in words if w.value]
    roots = [place for place in places if place.endswith("/node_modules")]
    return tuple(f"{root}/{name}" for root in roots for name in names)
