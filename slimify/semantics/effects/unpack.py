"""Archives: tar, unzip, gzip and similar tools."""

from __future__ import annotations

import posixpath
import re
from typing import Any

from msgspec.structs import replace

from slimify.facts.commands import tables, values
from slimify.model.decisions import Reason
from slimify.model.effects import Effect
from slimify.semantics.effects.call import Arg, Call, parse_options
from slimify.semantics.effects.fetch import download_url


def tar(call: Call) -> tuple[Effect, ...]:
    """tar. A first word without a dash bundles options; their values follow as separate words."""
    args = list(call.args)
    if (
        args
        and args[0].prefix
        and not args[0].prefix.startswith("-")
        and re.fullmatch(r"[a-zA-Z]+", args[0].prefix)
    ):
        bundle = "-" + args[0].prefix.replace("f", "") + ("f" if "f" in args[0].prefix else "")
        args[0] = replace(args[0], value=bundle, prefix=bundle)
    options = parse_options(args, values("tar"))
    archive = options.last("-f", "--file")
    directories = options.all("-C", "--directory")
    if options.has("-c", "--create", "-r", "-u", "--append"):
        packed = _packed(call, directories, options.operands)
        if archive is None or archive.value == "-":
            return call.effect("check", "pack", **packed)
        return call.write_effect("files", "pack", writes=(archive,), **packed)
    if options.has("-t", "--list", "--version", "--help"):
        return call.effect("check")
    read = call.inputs((archive,) if archive is not None else ())
    where: tuple[Arg | str, ...] = directories[-1:] or (".",)
    ecosystem = ""
    if directories and options.operands:
        where = (
            _named_members(call, directories[-1], options.operands)
            if not options.has("--strip-components", "--strip")
            else where
        )
    elif not options.has("--strip-components", "--strip", "--transform", "--one-top-level"):
        ecosystem, top = _known_archive(call, archive)
        base = call.path_of(where[0])
        where = (posixpath.join(base, top),) if top and base is not None else where
    absolute_names = options.has("-P", "--absolute-names")
    rest = {"writes_anywhere": True, "why": Reason.of("SL221", "members")} if absolute_names else {}
    return call.write_effect("unpack", "tar", writes=where, ecosystem=ecosystem, **read, **rest)


def _known_archive(call: Call, archive: Arg | None) -> tuple[str, str]:
    """The language of a known archive, and the one directory in it."""
    name = "" if archive is None or archive.value == "-" else archive.shown
    path = call.path_of(name) if name else None
    sources = (call.state.settings.get(f"address of {path}", ""), name, download_url(call.upstream))
    archives = (
        (name, a) for s in sources if s for name, t in tables() for a in t.archives if re.search(a.address, s)
    )
    return next(((name, a.top) for name, a in archives), ("", ""))


def _packed(call: Call, directories: tuple[Arg, ...], members: tuple[Arg, ...]) -> dict[str, Any]:
    """What is packed: -C is the directory of the members behind it."""
    if len(directories) > 1:
        return call.inputs((*directories, *members))
    cwd = call.path_of(directories[0]) if directories else call.state.cwd
    return replace(call, state=replace(call.state, cwd=cwd)).inputs(members)


def _named_members(call: Call, directory: Arg, members: tuple[Arg, ...]) -> tuple[Arg | str, ...]:
    """`tar -C DIR name…` only unpacks these members."""
    base = call.path_of(directory)
    names = [member.value for member in members]
    if base is None or any(
        name is None or re.search(r"[*?\[]", name) or name.startswith(("-", "/")) for name in names
    ):
        return (directory,)
    return tuple(posixpath.normpath(posixpath.join(base, name or "")) for name in names)


def gunzip(call: Call) -> tuple[Effect, ...]:
    """gzip and similar tools replace a file by one with or without the suffix."""
    options = call.options(("-S", "--suffix", "-T", "--threads", "-o", "-b"))
    operands = options.operands
    if options.has("-c", "--stdout", "--to-stdout", "-t", "-l", "--test") or not operands:
        return call.effect("check")
    packing = (
        not call.name.startswith("un")
        and call.name != "gunzip"
        and not options.has("-d", "--decompress", "--uncompress")
    )
    paths, lost = call.targets(operands)
    if packing:
        return call.write_effect("files", "pack", writes=operands, reads=paths)
    made = tuple(re.sub(r"\.(?:gz|bz2|xz|zst|lzma|z|Z)\Z", "", path) for path in paths)
    if lost is not None:
        return call.write_effect("unpack", call.name, writes=operands, reads=paths)
    return call.effect(
        "unpack",
        call.name,
        writes=made,
        reads=paths,
        deletes=() if options.has("-k", "--keep") else paths,
    )
