"""Programs that start others, and programs that change nothing that matters."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile

from tools.generator.simulation.accounts import ids, row_of
from tools.generator.simulation.bases import LOADER_CACHE, LOCALES
from tools.generator.simulation.files import Missing
from tools.generator.simulation.options import split_options
from tools.generator.simulation.shell import Shell, Unmodelled, command, program, run_sub


@command(
    "sleep",
    "sync",
    "date",
    "uname",
    "tail",
    "head",
    "wc",
    "true",
    "id",
    "env_only",
    "sha256sum",
    "hostname",
    "whoami",
    "arch",
    "nproc",
)
def _nothing(shell: Shell, argv: list[str]) -> int:
    return 0


@command("ls")
def _ls(shell: Shell, argv: list[str]) -> int:
    for word in [w for w in argv[1:] if not w.startswith("-")] or ["."]:
        place = shell.path(word)
        if shell.files.get(place) is None:
            return shell.say(f"ls: {word}")
        names = shell.files.names(place) if shell.files.is_directory(place) else [word]
        shell.out += [f"{name}\n" for name in names if not name.startswith(".")]
    return 0


@command("basename")
def _basename(shell: Shell, argv: list[str]) -> int:
    name = posixpath.basename(argv[1])
    shell.out.append((name.removesuffix(argv[2]) if len(argv) > 2 else name) + "\n")
    return 0


@command("dirname")
def _dirname(shell: Shell, argv: list[str]) -> int:
    shell.out.append((posixpath.dirname(argv[1]) or ".") + "\n")
    return 0


@command("readlink", "realpath")
def _readlink(shell: Shell, argv: list[str]) -> int:
    shell.out.append(shell.files.real(shell.path(argv[-1])) + "\n")
    return 0


@command("which")
def _which(shell: Shell, argv: list[str]) -> int:
    place = shell.find(argv[-1])
    shell.out.append(f"{place}\n" if place else "")
    return int(place is None)


@command("env")
def _env(shell: Shell, argv: list[str]) -> int:
    words, env = argv[1:], shell.env
    if words[:1] == ["-S"]:
        words = [*words[1].split(), *words[2:]]
    while words and "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        env = {**env, name: value}
    return run_sub(shell, words, env=env, exported=set(env)) if words else 0


@command("sh", "bash", "dash", "ash")
def _sh(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    name = posixpath.basename(argv[0])
    shell.interprets_echo = name in ("sh", "dash") and shell.files.is_file("/bin/dash")
    while words and words[0].startswith(("-", "+")):
        word = words.pop(0)
        if "o" in word and not word.startswith("--"):
            words.pop(0)
        if "e" in word and not word.startswith("--"):
            shell.errexit = True
        if "c" in word and not word.startswith("--"):
            text = words.pop(0)
            shell.name, shell.arguments = (words or ["sh"])[0], words[1:]
            return shell.run(text)
    if not words:
        return shell.run(shell.stdin)
    try:
        text = shell.files.text(shell.path(words[0]))
    except Missing:
        shell.say(f"{words[0]}: not found")
        return 127
    return shell.script(text, words)


@command("setcap")
def _setcap(shell: Shell, argv: list[str]) -> int:
    try:
        shell.files.change(shell.path(argv[-1]), capabilities=argv[1])
    except Missing:
        return shell.say("setcap")
    return 0


@command("tini", "dumb-init", "gosu", "su-exec", "nice", "nohup", "exec-only")
def _starter(shell: Shell, argv: list[str]) -> int:
    words = argv[1:]
    name = posixpath.basename(argv[0])
    while words and words[0].startswith("-"):
        words.pop(0)
    if name in ("gosu", "su-exec"):
        try:
            user = words.pop(0)
            uid, gid = ids(shell.files, user if ":" in user else f"{user}:")
        except Missing:
            return shell.say(f"{name}: no such user")
        row = row_of(shell.files, "/etc/passwd", user.partition(":")[0])
        env = {**shell.env, "HOME": row[5]} if row else shell.env
        return run_sub(shell, words, uid=uid or 0, gid=gid if gid is not None else uid, env=env)
    return run_sub(shell, words)


@command("await.sh")
def _await(shell: Shell, argv: list[str]) -> int:
    """A script that is downloaded: it needs bash and jq, sets a variable and starts what it is given."""
    if not (shell.find("bash") and shell.find("jq")):
        return shell.say("await.sh: bash or jq is not there")
    env = {**shell.env, "APP_STAGE": "fetched"}
    return run_sub(shell, argv[1:], env=env, exported=set(env))


@command("update-ca-certificates")
def _certificates(shell: Shell, argv: list[str]) -> int:
    extra = sorted(p for p in shell.files.below("/usr/local/share/ca-certificates") if p.endswith(".crt"))
    text = "roots\n" + "".join(shell.files.text(p) for p in extra)
    shell.files.add("/etc/ssl/certs/ca-certificates.crt", text)
    return 0


@command("sudo")
def _sudo(shell: Shell, argv: list[str]) -> int:
    words = [w for w in argv[1:] if w not in ("-n", "-E", "-H")]
    if not shell.files.is_file("/etc/sudoers.d/app") and shell.uid:
        return shell.say("sudo: a password is required")
    return run_sub(shell, words, uid=0, gid=0) if words != ["--version"] else 0


@command("nginx")
def _nginx(shell: Shell, argv: list[str]) -> int:
    """Where it serves a directory, its index has to be there."""
    for place in ("/etc/nginx/nginx.conf", "/etc/nginx/mime.types"):
        if not shell.files.is_file(place):
            return shell.say(f"nginx: {place}")
    for pattern in ("/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*"):
        for place in shell.files.glob(pattern):
            for root in re.findall(r"\sroot\s+([^;]+);", shell.files.text(place)):
                if not shell.files.is_file(f"{root}/index.html"):
                    return shell.say(f"nginx: {root}/index.html is not there")
    return 0


@command("git")
def _git(shell: Shell, argv: list[str]) -> int:
    if argv[1:] == ["--version"]:
        return 0
    if argv[1:3] != ["config", "--global"]:
        raise Unmodelled(f"{argv}")
    place = f"{shell.env.get('HOME', '/root')}/.gitconfig"
    if len(argv) == 4:
        found = (
            re.search(rf"(?m)^{re.escape(argv[3])}=(.*)", shell.files.text(place))
            if shell.files.is_file(place)
            else None
        )
        shell.out.append(f"{found[1]}\n" if found else "")
        return int(found is None)
    old = shell.files.text(place) if shell.files.is_file(place) else ""
    shell.files.add(place, f"{old}{argv[3]}={argv[4]}\n")
    return 0


@command("gcc", "cc")
def _gcc(shell: Shell, argv: list[str]) -> int:
    """A program that does nothing, or a library."""
    if argv[1:] == ["--version"]:
        return 0
    linked = next((f"lib{w[2:]}" for w in argv if w.startswith("-l")), "")
    rest = [w for w in argv if not w.startswith(("-l", "-Wl,"))]
    _, named, words = split_options(rest, "s h a r e d f P I C O 2", "o")
    if any(not shell.files.is_file(shell.path(word)) for word in words):
        return shell.say(f"gcc: {words}")
    found = shell.files.glob(f"/usr/lib/x86_64-linux-gnu/{linked}.so.*") if linked else [""]
    if not found or (linked and not shell.files.is_file(f"/usr/lib/x86_64-linux-gnu/{linked}.a")):
        return shell.say(f"gcc: cannot find {linked}")
    name = posixpath.basename(named["o"])
    data = program(name) + (f" needs {found[0]}".encode() if linked else b"")
    shell.files.write(shell.path(named["o"]), data, mode=0o755)
    return 0


@command("locale-gen", "localedef")
def _locales(shell: Shell, argv: list[str]) -> int:
    """Makes the locales that /etc/locale.gen names, or the one that is named."""
    if argv[0].endswith("localedef"):
        names = [argv[-1]] if shell.files.is_file("/usr/share/i18n/locales/en_US") else []
    else:
        text = shell.files.text("/etc/locale.gen")
        names = [line.split()[0] for line in text.splitlines() if re.match(r"[a-z]{2}_", line)]
    if not names:
        return shell.say(f"{argv[0]}: no locale")
    shell.files.add(LOCALES, "".join(f"{name}\n" for name in names))
    return 0


@command("curl", "wget")
def _download(shell: Shell, argv: list[str]) -> int:
    if argv[1:] == ["--version"]:
        return 0
    _, named, words = split_options(argv, "f s S L q", "o O")
    place = named.get("o") or named.get("O")
    if not place:
        raise Unmodelled(f"{argv}")
    shell.files.write(shell.path(place), program(posixpath.basename(words[0])))
    return 0


@command("cron")
def _cron(shell: Shell, argv: list[str]) -> int:
    """Every job of the tables once, in the environment that it gives them."""
    rows = [
        (line.split(maxsplit=6 if of_system else 5)[-1])
        for pattern, of_system in (("/etc/cron.d/*", True), ("/var/spool/cron/crontabs/*", False))
        for place in shell.files.glob(pattern)
        for line in shell.files.text(place).splitlines()
        if re.match(r"[\d*]", line)
    ]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/root", "SHELL": "/bin/sh"}
    for row in rows:
        status = shell.child(env=env, exported=set(env), cwd="/root").start(["sh", "-c", row])
        if status:
            return status
    return 0 if rows else shell.say("cron: no jobs")


@command("runsvdir")
def _runsvdir(shell: Shell, argv: list[str]) -> int:
    """Each `run` of its directories, in that directory (runsv(8))."""
    status = 0
    for path in shell.files.glob(posixpath.join(shell.path(argv[1]), "*/run")):
        status = shell.child(cwd=posixpath.dirname(path)).start(["./run"]) or status
    return status


@command("crontab")
def _crontab(shell: Shell, argv: list[str]) -> int:
    place = "/var/spool/cron/crontabs/root"
    if argv[1] == "-l":
        shell.out.append(shell.files.text(place) if shell.files.is_file(place) else "")
        return int(not shell.files.is_file(place))
    try:
        shell.files.add(place, shell.stdin if argv[1] == "-" else shell.files.read(shell.path(argv[1])))
    except Missing:
        return shell.say(f"crontab: {argv[1]}")
    return 0


@command("unzip")
def _unzip(shell: Shell, argv: list[str]) -> int:
    if argv[1:] in (["-v"], ["--version"]):
        return 0
    _, named, words = split_options(argv, "q o", "d")
    try:
        data = shell.files.read(shell.path(words[0]))
    except Missing:
        return shell.say(f"unzip: {words[0]}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            shell.files.add(posixpath.join(shell.path(named.get("d", ".")), name), archive.read(name))
    return 0


@command("ldconfig")
def _ldconfig(shell: Shell, argv: list[str]) -> int:
    names = shell.files.names("/usr/local/lib") if shell.files.is_directory("/usr/local/lib") else []
    shell.files.add(LOADER_CACHE, "".join(f"{name}\n" for name in names))
    return 0
