"""Downloads: curl, wget, git, and known installer scripts."""

from __future__ import annotations

import posixpath
import re
import shlex
from urllib.parse import urlsplit

from msgspec.structs import replace

from slimify.facts.commands import actions, shows, tables, values
from slimify.facts.shells import is_login_file
from slimify.model.decisions import Reason
from slimify.model.effects import Action, Effect, SystemManager
from slimify.semantics.effects.call import Arg, Call, parse_options
from slimify.semantics.effects.system import lists_update
from slimify.semantics.effects.table import row_effects


def curl(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("curl"))
    if options.has("--version", "-V", "--help", "-I", "--head") and not options.has("-o", "-O"):
        return call.effect("check")
    addresses = [*options.operands, *options.all("--url")]
    writes: list[Arg | str] = [
        a for a in options.all("-o", "--output") if a.value not in ("-", "/dev/null", "/dev/stdout")
    ]
    if options.has("-O", "--remote-name", "--remote-name-all"):
        folder = options.last("--output-dir")
        writes += [_download_target(address, folder) for address in addresses]
    if options.has("-o", "--output") and not writes:
        return call.effect("check")
    return call.write_effect("fetch", _first_address(addresses), writes=writes)


def wget(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("wget"))
    address, target = _first_address(options.operands), options.last("-O", "--output-document")
    if options.has(*shows("wget")) or (target is not None and target.value == "/dev/null"):
        return call.effect("check")
    if target is not None:
        standard = target.value in ("-", "/dev/stdout")
        return call.write_effect("fetch", address, writes=() if standard else (target,))
    if any(text.value is not None and re.match(r"-[a-zA-Z]*O-\Z", text.value) for text in call.args):
        return call.effect("fetch", address)
    folder = options.last("-P", "--directory-prefix")
    writes = [_download_target(address, folder) for address in options.operands]
    if options.has(*values("wget names")):
        writes = [folder if folder is not None else "."]
    return call.write_effect("fetch", address, writes=writes)


def _first_address(addresses: list[Arg] | tuple[Arg, ...]) -> str:
    return addresses[0].shown.strip("\"'") if addresses else ""


def _download_target(address: Arg, folder: Arg | None) -> Arg | str:
    """The file that a download without an output option writes; its directory if the name is not known."""
    base = "" if folder is None else folder.value
    if base is None:
        return folder or "."
    if address.value is None:
        tail = address.text.rpartition("/")[2].strip("\"'")
        if not tail or "$" in tail or "`" in tail:
            return base or "."
        return posixpath.join(base, tail)
    name = posixpath.basename(urlsplit(address.value).path if "://" in address.value else address.value)
    return posixpath.join(base, name or "index.html")


def git(call: Call) -> tuple[Effect, ...]:
    options = call.options(values("git"), stop=True)
    base = options.last("-C")
    action, words = options.verb
    if action == "clone":
        return _clone(call, words, base)
    if action == "config":
        system = any(w.value == "--system" for w in words)
        everyone = any(w.value == "--global" for w in words)
        where: Arg | str = "/etc/gitconfig" if system else base or "."
        if everyone:
            where = call.home(".gitconfig") or Arg(value=None, text="~/.gitconfig")
        return call.write_effect("files", Action.CONFIG, writes=(where,))
    kind = actions("git").get(action)
    if kind is None:
        return call.effect("check", action)
    return call.write_effect(kind, action, writes=(base if base is not None else ".",))


def _clone(call: Call, words: tuple[Arg, ...], base: Arg | None) -> tuple[Effect, ...]:
    """git clone: the target is the last operand, else the repository name without .git."""
    operands = parse_options(words, values("git clone")).operands
    if not operands:
        return call.unknown(Reason.of("SL221", "clone"))
    target: Arg | str
    if len(operands) > 1:
        target = operands[1]
    else:
        address = operands[0]
        text = address.text.strip("\"'") if address.value is None else address.value
        name = re.sub(r"\.git/?\Z", "", text.rstrip("/")).replace(":", "/").rpartition("/")[2]
        target = "." if "$" in name or not name else name
    prefix = call.path_of(base) if base is not None else None
    if prefix and (isinstance(target, str) or target.value is not None):
        text = target if isinstance(target, str) else target.value or "."
        target = posixpath.join(prefix, text)
    return call.write_effect("fetch", "clone", writes=(target,))


def installer_effects(call: Call, address: str) -> tuple[Effect, ...] | None:
    """The effects of a known installer script, None if the address is not known. One that installs with apt
    updates its lists first."""
    for installer in (i for _, table in tables() for i in table.installers):
        if re.search(installer.address, address):
            places = tuple(value for name in installer.variables if (value := call.state.get(name)))
            kept = (path for path in installer.writes if is_login_file(path))
            row = replace(installer, writes=(*places, *kept), possible=()) if places else installer
            effects = row_effects(replace(call, args=(), ecosystem=installer.ecosystem), row)
            return (*lists_update(call), *effects) if installer.manager == SystemManager.APT else effects
    return None


_FETCHED = "# an install script that is known by its address\n"


def fetched_script(address: str) -> str | None:
    """Shell text that does what the install script at an address does, None if it is not known."""
    known = any(re.search(i.address, address) for _, table in tables() for i in table.installers)
    return f"{_FETCHED}curl {shlex.quote(address)} | sh\n" if known else None


def is_fetched_script(text: str) -> bool:
    """Whether a text stands for an install script, in whatever language that is written."""
    return text.startswith(_FETCHED)


def download_url(call: Call | None) -> str:
    """The address that a curl or wget downloads, "" for any other command."""
    if call is None or call.name not in ("curl", "wget"):
        return ""
    options = call.options(values(call.name))
    return _first_address([*options.operands, *options.all("--url")])
