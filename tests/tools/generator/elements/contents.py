"""Elements: files that the program reads, and how they come into the image."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import io
import tarfile
from random import Random

from tools.generator.project import File, Project, element

_EVERY = ("read", "read-path", "read-split", "read-joined", "read-formatted", "read-computed")


def look(p: Project, random: Random, directory: str, name: str, forms: tuple[str, ...] = _EVERY) -> None:
    """Reads `directory/name` in one of the ways in which sources name a file."""
    form = random.choice(
        [f for f in forms if not (f == "read-joined" and (directory.startswith("/") or p.language == "go"))]
    )
    stem, _, extension = name.partition(".")
    what = f"{directory}/{name}"
    p.probe(
        form,
        what,
        beside=form == "read-joined",
        directory=directory,
        name=name,
        stem=stem,
        extension=extension,
    )


@element("file", "read", weight=3)
def _file(p: Project, random: Random) -> None:
    directory = random.choice(["data", "config", "templates", "i18n"])
    p.add(f"{directory}/main.txt", "main\n")
    p.add(f"{directory}/unread.txt", "unread\n")
    look(p, random, directory, "main.txt")


@element("file-on-top", "read")
def _top(p: Project, random: Random) -> None:
    p.add("settings.ini", "[app]\n")
    p.probe("read", "settings.ini")


@element("file-named-by-env", "read")
def _named(p: Project, random: Random) -> None:
    p.add("conf/live.json", "{}\n")
    p.add("conf/default.json", "[]\n")
    if random.random() < 0.5:
        p.line("settings", f"ENV APP_CONFIG={p.path('conf/live.json')}")
    p.probe("read-named", "APP_CONFIG:conf/default.json", variable="APP_CONFIG", default="conf/default.json")


@element("file-elsewhere", "read")
def _elsewhere(p: Project, random: Random) -> None:
    p.add("ops/app.conf", "level = 1\n", application=False)
    place = random.choice(["/etc/app/app.conf", "/etc/app/"])
    p.line(random.choice(["after", "before-copy"]), f"COPY ops/app.conf {place}")
    look(p, random, "/etc/app", "app.conf")


@element("directory-elsewhere", "read")
def _directory(p: Project, random: Random) -> None:
    for name in ("a.sql", "b.sql"):
        p.add(f"ops/migrations/{name}", f"-- {name}\n", application=False)
    p.line(random.choice(["after", "before-copy"]), "COPY ops/migrations /usr/share/app/migrations")
    p.probe("list", "/usr/share/app/migrations")
    look(p, random, "/usr/share/app/migrations", "a.sql")


@element("heredoc", "read")
def _heredoc(p: Project, random: Random) -> None:
    p.line("after", "COPY <<EOF /etc/app.ini\n[app]\nlevel = 2\nEOF")
    look(p, random, "/etc", "app.ini", ("read", "read-formatted"))


@element("archive", "read")
def _archive(p: Project, random: Random) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("pages/index.html", "pages/about.html"):
            row = tarfile.TarInfo(name)
            row.size = len(name)
            archive.addfile(row, io.BytesIO(name.encode()))
    p.add("pages.tar.gz", stream.getvalue(), application=False)
    if random.random() < 0.5:
        p.line("after", "ADD pages.tar.gz /opt/site/")
    else:
        p.line(
            "after",
            "COPY pages.tar.gz /tmp/\nRUN mkdir -p /opt/site && tar -xzf /tmp/pages.tar.gz -C /opt/site && rm /tmp/pages.tar.gz",
        )
    look(p, random, "/opt/site/pages", "index.html", ("read", "read-split", "read-formatted"))


@element("listed", "read")
def _listed(p: Project, random: Random) -> None:
    for name in ("one.txt", "two.txt"):
        p.add(f"plugins/{name}", name)
    p.probe("glob" if p.language == "python" and random.random() < 0.5 else "list", "plugins")


@element("served", "read", "go")
def _served(p: Project, random: Random) -> None:
    p.add("public/page.html", "<h1>page</h1>\n")
    p.add("public/style.css", "h1 {}\n")
    p.probe("served", "public/page.html", directory="public", name="page.html")


@element("template-embedded", "read", "go")
def _embedded(p: Project, random: Random) -> None:
    p.add(f"{p.facts.get('main-directory', '')}pages/first.html", "first\n")
    p.head = "\n//go:embed pages/first.html\nvar embedded embed.FS\n"
    p.probe("embedded", "pages/first.html")


@element("module-of-project", "read", "python node")
def _module(p: Project, random: Random) -> None:
    if p.language == "python":
        p.add("helpers.py", '"""Helpers."""\n')
        p.main.imports.append("helpers.py")
        p.imports.append("helpers")
    else:
        p.add("lib/helpers.js", "exports.help = () => 1;\n")
        p.main.imports.append("lib/helpers.js")
        p.imports.append("lib/helpers.js")


@element("link-in-context", "read", weight=1)
def _context_link(p: Project, random: Random) -> None:
    p.add("themes/plain/theme.txt", "plain\n")
    p.files["themes/current"] = File(b"", 0o777, "plain")
    look(p, random, "themes/current", "theme.txt", ("read", "read-split"))


@element(
    "zone",
    "read",
    "go python",
    weight=1,
    fits=lambda p: not p.alpine and not p.slim and "distribution-language" not in p.facts,
)
def _zone(p: Project, random: Random) -> None:
    p.probe("zone", "Europe/Paris")


# --- state of the image that a command makes


@element("file-by-command", "state", weight=3)
def _written(p: Project, random: Random) -> None:
    p.line(
        random.choice(["after", "before-copy", "settings"]),
        random.choice([
            "RUN mkdir -p /etc/app.d && echo 'level=3' > /etc/app.d/level.txt",
            "RUN mkdir -p /etc/app.d; echo 'level=3' > /etc/app.d/level.txt",
            "RUN mkdir -p /etc/app.d\nRUN printf 'level=3\\n' > /etc/app.d/level.txt",
            "RUN <<EOF\nmkdir -p /etc/app.d\necho 'level=3' > /etc/app.d/level.txt\nEOF",
            "RUN mkdir -p /etc/app.d && cat > /etc/app.d/level.txt <<EOF\nlevel=3\nEOF",
        ]),
    )  # fmt: skip
    look(p, random, "/etc/app.d", "level.txt", ("read", "read-formatted", "read-split", "read-computed"))


@element("appended", "state")
def _appended(p: Project, random: Random) -> None:
    p.add("settings/base.txt", "a=1\n")
    p.line(
        "after",
        random.choice(["RUN echo b=2 >> settings/base.txt", "RUN sed -i 's/a=1/a=9/' settings/base.txt"]),
    )
    p.probe("read", "settings/base.txt")


@element("mode", "state")
def _mode(p: Project, random: Random) -> None:
    p.add("keys/key.txt", "key\n")
    mode = random.choice(["600", "640", "444", "755"])
    owner = p.facts.get("owner")
    p.line("after", f"RUN chmod {mode} keys/key.txt" + (f" && chown {owner} keys/key.txt" if owner else ""))
    p.probe("stat", "keys/key.txt")


@element("link", "state")
def _link(p: Project, random: Random) -> None:
    p.add("assets/logo.txt", "logo\n")
    p.line(
        "after",
        random.choice(
            [
                f"RUN ln -s {p.path('assets')} /srv/assets",
                f"RUN mkdir -p /srv && ln -sf {p.path('assets')} /srv/assets",
            ]
        ),
    )
    p.probe("read", "/srv/assets/logo.txt")
    p.probe("link", "/srv/assets")


@element("link-relative", "state")
def _relative_link(p: Project, random: Random) -> None:
    p.line("after", "RUN mkdir -p releases/1 && echo one > releases/1/name.txt && ln -s 1 releases/current")
    p.probe("read", "releases/current/name.txt")
    p.probe("link", "releases/current")


@element("writable", "state", weight=3)
def _writable(p: Project, random: Random) -> None:
    place = random.choice(["/var/lib/app", p.path("state"), "/data"])
    owner = p.facts.get("owner")
    if owner:
        p.line("after", random.choice([
            f"RUN mkdir -p {place} && chown -R {owner} {place}",
            f"RUN mkdir -p {place}\nRUN chown {owner} {place}",
            f"RUN install -d -o {owner.split(':')[0]} -g {owner.split(':')[1]} -m 750 {place}",
        ]))  # fmt: skip
    else:
        p.line("after", f"RUN mkdir -p {place}")
    p.probe("write", place)
    p.probe("stat", place)


@element("volume", "state")
def _volume(p: Project, random: Random) -> None:
    owner = p.facts.get("owner")
    chown = f" && chown -R {owner} /var/lib/store" if owner else ""
    p.line("after", f"RUN mkdir -p /var/lib/store && echo first > /var/lib/store/first.txt{chown}")
    p.line("volume", random.choice(["VOLUME /var/lib/store", 'VOLUME ["/var/lib/store"]']))
    p.probe("read", "/var/lib/store/first.txt")
    p.probe("stat", "/var/lib/store")


@element("moved", "state")
def _moved(p: Project, random: Random) -> None:
    p.add("seed/rows.csv", "1,2\n")
    p.line(
        "after",
        random.choice(
            [
                "RUN mkdir -p /usr/share/rows && mv seed/rows.csv /usr/share/rows/",
                "RUN cp -r seed /usr/share/rows",
            ]
        ),
    )
    p.probe("read", "/usr/share/rows/rows.csv")


@element("made-in-loop", "state")
def _loop(p: Project, random: Random) -> None:
    p.line(
        "after",
        "RUN for name in red green; do mkdir -p /srv/queues/$name && echo $name > /srv/queues/$name/name.txt; done",
    )
    p.probe("list", "/srv/queues")
    p.probe("read", "/srv/queues/green/name.txt")


@element(
    "capability",
    "state",
    "go",
    weight=1,
    fits=lambda p: not p.alpine and "distribution-language" not in p.facts,
)
def _capability(p: Project, random: Random) -> None:
    p.line("system", "RUN apt-get update && apt-get install -y libcap2-bin")
    p.facts["capability"] = "cap_net_bind_service=+ep"
