"""Commands that copy, move, link, delete, edit and unpack files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from slimify.classify.effects.call import Arg, Call, parse_options
from slimify.classify.effects.state import absolute
from slimify.model import Effect

# Below these nothing is read at run time by design; deleting there is cleaning up.
_DISPOSABLE = re.compile(
    r"/(?:var/lib/apt/lists|var/cache|var/tmp|tmp|var/log|usr/share/(?:doc|man|info|doc-base|groff|lintian)|var/lib/dpkg/[^/]*-old"
    r"|etc/apk/cache|root/\.(?:cache|npm|node-gyp|gnupg|pip|cargo/registry|m2|gradle|ccache|config/yarn|yarn-cache|bundle/cache)"
    r"|home/[^/]+/\.(?:cache|npm|node-gyp)|usr/local/share/\.cache|usr/lib/python[\d.]+/site-packages/\*|go/pkg|opt/conda/pkgs"
    r"|var/lib/(?:cache|log|yum|dnf))(?:/|\Z|\*)"
)
_ARCHIVE = re.compile(r"\.(?:t[gbx]z2?|tar(?:\.\w+)?|zip|gz|bz2|xz|zst|7z|deb|rpm|asc|sig|sha\d+|key)\Z")


def _rm(call: Call) -> tuple[Effect, ...]:
    operands = call.options().operands
    paths, lost = call.targets(operands)
    if lost is not None:
        return (call.touching("files", "delete", deletes=paths, why=f"what {lost.text} is", anywhere=True),)
    home = call.home()
    if paths and all(_disposable(path, home) for path in paths):
        return (call.effect("cache", "delete", deletes=paths),)
    return (call.effect("files", "delete", deletes=paths),)


def _disposable(path: str, home: str | None) -> bool:
    if home and path.startswith((home + "/.cache", home + "/.npm", home + "/.node-gyp")):
        return True
    return bool(_DISPOSABLE.match(path))


def _copy(call: Call) -> tuple[Effect, ...]:
    """cp, mv, install, ln: sources and a target, which is the last operand or that of -t."""
    values = {"-t", "--target-directory", "-S", "--suffix", "-m", "--mode", "-o", "--owner", "-g", "--group", "--strip-program", "-Z"}
    options = call.options(values if call.name == "install" else {"-t", "--target-directory", "-S", "--suffix"})
    operands = options.operands
    if call.name == "install" and options.has("-d", "--directory"):
        return (call.touching("files", "mkdir", writes=operands),)
    target = options.last("-t", "--target-directory")
    sources: tuple[Arg, ...] = operands
    if target is None and len(operands) == 1 and call.name == "ln":
        target = Arg(value=".", text=".", prefix=".")
    elif target is None:
        if len(operands) < 2:
            return (call.unknown("which files"),)
        target, sources = operands[-1], operands[:-1]
    reads = call.known(sources)
    if call.name == "ln" and options.has("-s", "--symbolic"):
        reads = _link_targets(call, sources, target)
    writes = _landing(call, sources, target)
    deletes = reads if call.name == "mv" else ()
    action = {"cp": "copy", "mv": "move", "ln": "link", "install": "copy"}[call.name]
    return (call.touching("files", action, writes=writes, reads=reads, deletes=deletes),)


def _landing(call: Call, sources: Iterable[Arg], target: Arg) -> tuple[Arg | str, ...]:
    """Into a directory known to be one, the files that arrive; else the target itself."""
    path = call.path_of(target)
    names = [posixpath.basename((source.value or "").rstrip("/")) for source in sources]
    simple = all(name and not re.search(r"[*?\[{]", name) and name not in (".", "..") for name in names)
    if path is None or target.value is None or not simple:
        return (target,)
    if target.value.endswith(("/", "/.")) or target.value in (".", "..") or len(names) > 1 or call.state.view.is_dir(path):
        return tuple(posixpath.join(path, name) for name in names)
    return (target,)


def _link_targets(call: Call, sources: Iterable[Arg], target: Arg) -> tuple[str, ...]:
    """A symbolic link is read from where it stands, not from the working directory."""
    place = call.path_of(target)
    base = call.state
    if place is not None:
        base = replace(base, cwd=place if call.state.view.is_dir(place) else posixpath.dirname(place))
    found = [absolute(source.value, base) for source in sources if source.value is not None]
    return tuple(path for path in found if path is not None)


def _sed(call: Call) -> tuple[Effect, ...]:
    """sed -i, perl -i, yq -i: files edited in place; without -i they only print."""
    args = tuple(arg for arg in call.args)
    inplace = any(_in_place(call.name, arg.prefix) for arg in args)
    if not inplace:
        return (call.effect("check"),) if call.name != "perl" else (call.unknown("a Perl program"),)
    scripts = {"sed": ("-e", "--expression", "-f", "--file"), "perl": ("-e", "-I", "-M"), "yq": ("-P",)}[call.name]
    cleaned = tuple(arg for arg in args if not re.match(r"-i\b|-i\.|--in-place", arg.prefix))
    options = parse_options(cleaned, scripts)
    operands = options.operands
    if not options.has(*scripts):
        operands = operands[1:]
    return (call.touching("files", "edit", writes=operands),)


def _in_place(name: str, text: str) -> bool:
    if name == "sed":
        return bool(re.match(r"-[nErsuz]*i|--in-place", text))
    return bool(re.match(r"-[a-hj-zA-Z0]*i|--in-?place", text))


def _tar(call: Call) -> tuple[Effect, ...]:
    """tar: unpack into -C or the working directory, or pack into -f; a first word without dash is options."""
    args = list(call.args)
    if args and args[0].prefix and not args[0].prefix.startswith("-") and re.fullmatch(r"[a-zA-Z]+", args[0].prefix):
        args[0] = replace(args[0], value="-" + args[0].prefix, prefix="-" + args[0].prefix)
    values = ("-C", "--directory", "-f", "--file", "-X", "-T", "--files-from", "--exclude", "--strip-components", "--strip", "--transform",
              "--one-top-level", "-I", "--use-compress-program", "--owner", "--group", "--mode", "--exclude-from", "-b", "--wildcards-match")  # fmt: skip
    options = parse_options(args, values)
    archive = options.last("-f", "--file")
    directories = options.all("-C", "--directory")
    if options.has("-c", "--create", "-r", "-u", "--append"):
        stdout = archive is None or archive.value == "-"
        return (call.effect("check", "pack"),) if stdout else (call.touching("files", "pack", writes=(archive or "",)),)
    if options.has("-t", "--list", "--version", "--help"):
        return (call.effect("check"),)
    reads = call.known((archive,)) if archive is not None and archive.value != "-" else ()
    where: tuple[Arg | str, ...] = directories[-1:] or (".",)
    if directories and options.operands:
        where = _members(call, directories[-1], options.operands) if not options.has("--strip-components", "--strip") else where
    absolute_names = options.has("-P", "--absolute-names")
    rest = {"anywhere": True, "why": "archive members may have absolute names"} if absolute_names else {}
    return (call.touching("unpack", "tar", writes=where, reads=reads, **rest),)


def _members(call: Call, directory: Arg, members: tuple[Arg, ...]) -> tuple[Arg | str, ...]:
    """`tar -C DIR name…` takes only those members."""
    base = call.path_of(directory)
    names = [member.value for member in members]
    if base is None or any(name is None or re.search(r"[*?\[]", name) or name.startswith(("-", "/")) for name in names):
        return (directory,)
    return tuple(posixpath.normpath(posixpath.join(base, name or "")) for name in names)


def _unzip(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-d", "-x", "-P", "-o" if call.name == "7z" else "-d"))
    if options.has("-l", "-t", "-Z", "-p", "-v"):
        return (call.effect("check"),)
    target = options.last("-d", "-o")
    where: tuple[Arg | str, ...] = (target,) if target is not None else (".",)
    operands = options.operands[1:] if call.name in ("7z", "7za") else options.operands
    return (call.touching("unpack", call.name, writes=where, reads=call.known(operands[:1])),)


def _gunzip(call: Call) -> tuple[Effect, ...]:
    """gzip and its relatives replace the file by one without, or with, the suffix."""
    options = call.options(("-S", "--suffix", "-T", "--threads", "-o", "-b"))
    operands = options.operands
    if options.has("-c", "--stdout", "--to-stdout", "-t", "-l", "--test") or not operands:
        return (call.effect("check"),)
    packing = not call.name.startswith("un") and call.name != "gunzip" and not options.has("-d", "--decompress", "--uncompress")
    paths, lost = call.targets(operands)
    if packing:
        return (call.touching("files", "pack", writes=operands, reads=paths),)
    made = tuple(re.sub(r"\.(?:gz|bz2|xz|zst|lzma|z|Z)\Z", "", path) for path in paths)
    if lost is not None:
        return (call.touching("unpack", call.name, writes=operands, reads=paths),)
    return (call.effect("unpack", call.name, writes=made, reads=paths, deletes=() if options.has("-k", "--keep") else paths),)


def _zip(call: Call) -> tuple[Effect, ...]:
    operands = call.options(("-x", "-i", "-b", "-n")).operands
    return (call.touching("files", "pack", writes=operands[:1], reads=call.known(operands[1:])),)


def _rsync(call: Call) -> tuple[Effect, ...]:
    operands = call.options(("--exclude", "--include", "-e", "--rsh", "--files-from", "--chmod", "--chown", "-f", "--filter")).operands
    return (call.touching("files", "copy", writes=operands[-1:], reads=call.known(operands[:-1])),)


def _patch(call: Call) -> tuple[Effect, ...]:
    options = call.options(("-d", "--directory", "-i", "--input", "-p", "--strip", "-o", "--output", "-r"))
    where: tuple[Arg | str, ...] = options.all("-d", "--directory")[-1:] or (".",)
    if options.operands:
        where = options.operands[:1]
    return (call.touching("files", "edit", writes=where, reads=call.known(options.all("-i", "--input"))),)


def _find(call: Call) -> tuple[Effect, ...]:
    """find: looks, unless -delete or -exec say otherwise; what -exec runs gets the start directories."""
    starts: list[Arg] = []
    for arg in call.args:
        if arg.prefix.startswith(("-", "(", "!", "\\")) and arg.prefix not in ("-H", "-L", "-P"):
            break
        if not arg.prefix.startswith("-"):
            starts.append(arg)
    where: list[Arg | str] = list(starts) or ["."]
    names = [arg.value for arg in call.args]
    effects: list[Effect] = []
    if "-delete" in names:
        paths, lost = call.targets(where)
        rest = {"anywhere": True, "why": f"what {lost.text} is"} if lost is not None else {}
        home = call.home()
        kind = "cache" if paths and all(_disposable(p, home) for p in paths) or _compiled(names) else "files"
        effects.append(call.effect("cache" if kind == "cache" else "files", "delete", deletes=paths, **rest))
    for flag in ("-exec", "-execdir", "-ok", "-okdir"):
        start = 0
        while flag in names[start:]:
            at = names.index(flag, start)
            end = next((i for i in range(at, len(names)) if names[i] in (";", "+", "\\;")), len(names))
            effects += started(call, call.args[at + 1 : end], where, compiled=_compiled(names))
            start = end
    return tuple(effects) or (call.effect("check"),)


def _compiled(names: Iterable[str | None]) -> bool:
    """Whether find looks for what Python makes again by itself, or for tests of packages."""
    wanted = {n for n in names if n}
    return bool(wanted & {"*.pyc", "*.pyo", "__pycache__", "*.pyc'", "*.a", "*.js.map"}) and not wanted & {"*"}


def started(call: Call, words: tuple[Arg, ...], where: Iterable[Arg | str], *, compiled: bool = False) -> tuple[Effect, ...]:
    """What `find -exec` or `xargs` does: the command, with every `{}` any file below `where`."""
    if not words:
        return (call.effect("check"),)
    name = words[0].value
    paths, lost = call.targets(where)
    if name is None:
        return (call.unknown("the command's name"),)
    base = posixpath.basename(name)
    rest = {"anywhere": True, "why": f"which files {base} gets"} if lost is not None or not paths else {}
    if base in ("rm", "rmdir", "unlink"):
        kind = "cache" if paths and all(_disposable(p, call.home()) for p in paths) or compiled else "files"
        return (call.effect("cache" if kind == "cache" else "files", "delete", tool=base, deletes=paths, **rest),)
    if base in ("chmod", "chown", "chgrp", "setfacl"):
        return (call.effect("meta", tool=base, writes=paths, **rest),)
    if base in ("sed", "touch", "dos2unix", "strip", "mv", "cp", "ln", "gzip", "install", "ranlib", "patchelf", "perl", "tar", "unzip"):
        return (call.effect("files", "edit", tool=base, writes=paths, anywhere=base in ("mv", "cp", "ln", "tar", "unzip"),
                            why="which files it gets"),)  # fmt: skip
    inner = replace(call, name=base, path=name, args=words[1:])
    from slimify.classify.effects.registry import effects_of

    return effects_of(inner)


def _xargs(call: Call) -> tuple[Effect, ...]:
    values = ("-n", "-P", "-I", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "--replace", "--delimiter", "--arg-file")
    words = call.options(values, stop=True).operands
    where: tuple[Arg | str, ...] = (Arg(value=None, text="standard input"),)
    upstream = call.upstream
    if upstream is not None and upstream.name == "find":
        where = tuple(a for a in upstream.args[:1] if not a.prefix.startswith("-")) or (".",)
    elif upstream is not None and upstream.name == "echo":
        inner = replace(call, args=(*words[1:], *upstream.args), name=posixpath.basename((words[0].value or "") if words else "echo"))
        from slimify.classify.effects.registry import effects_of

        return effects_of(replace(inner, path=inner.name))
    if words and words[0].value in ("apt-get", "apk", "pip", "pip3", "npm", "go", "yum", "gem", "code-server"):
        from slimify.classify.effects.registry import effects_of

        more = Arg(value=None, text="$(standard input)")
        return effects_of(replace(call, name=words[0].value or "", path=words[0].value or "", args=(*words[1:], more)))
    return started(call, words, where)


def _dd(call: Call) -> tuple[Effect, ...]:
    target = next((a.prefix[3:] for a in call.args if a.prefix.startswith("of=")), None)
    return (call.touching("files", "write", writes=(target,)),) if target else (call.effect("check"),)


HANDLERS: dict[str, Callable[[Call], tuple[Effect, ...]]] = {
    "rm": _rm,
    **dict.fromkeys(("cp", "mv", "ln", "install"), _copy),
    **dict.fromkeys(("sed", "perl", "yq"), _sed),
    **dict.fromkeys(("tar", "bsdtar", "gtar"), _tar),
    **dict.fromkeys(("unzip", "7z", "7za"), _unzip),
    **dict.fromkeys(("gunzip", "gzip", "bunzip2", "bzip2", "unxz", "xz", "unzstd", "zstd", "pigz", "unlzma", "uncompress"), _gunzip),
    "zip": _zip,
    "rsync": _rsync,
    "patch": _patch,
    "find": _find,
    "xargs": _xargs,
    "dd": _dd,
}
