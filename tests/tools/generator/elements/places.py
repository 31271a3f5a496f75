"""Elements: directories that are written to, names in URLs, and what a library takes from the system."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.common import full
from tools.generator.elements.packages import install
from tools.generator.elements.surroundings import second
from tools.generator.project import Project, Run, element
from tools.generator.simulation.bases import OWN_DIRECTORIES
from tools.generator.simulation.probes import Probe


@element("directory-kept", "read", weight=3)
def _kept(p: Project, random: Random) -> None:
    """A directory of the repository that only has a placeholder: the program writes there."""
    name = random.choice(["uploads", "var/spool", "storage/files", "instance"])
    placeholder, text = random.choice(
        [(".gitkeep", ""), (".gitignore", "*\n!.gitignore\n"), ("README.txt", "files come here\n")]
    )
    p.add(f"{name}/{placeholder}", text)
    owner = p.facts.get("owner")
    if owner:
        p.line("after", f"RUN chown -R {owner} {p.path(name)}")
    form = random.choice(["write", "database"])
    p.probe(form, name, kind="write", directory=name, name="app.db")


@element("directory-of-the-base", "read", weight=3)
def _of_the_base(p: Project, random: Random) -> None:
    """A directory that the base image has, and that no step makes: the program writes there."""
    own = ["/go/bin", "/go/src"] if p.language == "go" and full(p) else []
    roots = [] if p.facts.get("owner") else [*OWN_DIRECTORIES, "/var/lib", "/var/log"]
    p.probe("write", random.choice([*roots, *own, "/tmp"]))


@element("named-by-url", "read", weight=3)
def _by_url(p: Project, random: Random) -> None:
    p.add("db/seed/rows.sql", "-- rows\n")
    p.add("db/seed/more.sql", "-- more\n")
    start = {"python": "sqlite:///", "node": "file:", "go": "file://"}[p.language]
    if random.random() < 0.4:
        p.line("settings", f"ENV SEED_URL={start}db/seed/rows.sql")
    p.probe("read-url", "db/seed/rows.sql", url=f"{start}db/seed/rows.sql", start=start)


@element("listed-by-url", "read", "go", weight=2)
def _migrations(p: Project, random: Random) -> None:
    for name in ("1_init.up.sql", "1_init.down.sql", "2_more.up.sql"):
        p.add(f"db/migrations/{name}", f"-- {name}\n")
    p.probe("list-url", "db/migrations", kind="list", url="file://db/migrations")


@element("media-type", "program", "python go", weight=2, fits=full)
def _media(p: Project, random: Random) -> None:
    p.probe("media-type", "/etc/mime.types", kind="exists", name=random.choice(["toml", "epub", "odt"]))


@element("locale", "setting", "python", weight=2, fits=lambda p: not p.alpine)
def _locale(p: Project, random: Random) -> None:
    install(p, random, "locales")
    p.line("system", random.choice([
        "RUN echo 'en_US.UTF-8 UTF-8' > /etc/locale.gen && locale-gen",
        "RUN localedef -i en_US -f UTF-8 en_US.UTF-8",
        "RUN sed -i 's/# en_US.UTF-8/en_US.UTF-8/' /etc/locale.gen && locale-gen\nENV LANG=en_US.UTF-8",
    ]))  # fmt: skip
    p.probe("locale", "en_US.UTF-8")


@element("program-linked", "program", weight=2, fits=lambda p: full(p) and "no-compiler" not in p.facts)
def _linked(p: Project, random: Random) -> None:
    """A program that is compiled with a library, of which only the headers have been named."""
    packages, library = random.choice([
        ("libpq-dev", "pq"), ("libxslt1-dev", "xslt"), ("default-libmysqlclient-dev", "mariadb"), ("", "pq"),
    ])  # fmt: skip
    if p.language == "go" and not packages:
        packages = "libpq-dev"
    if packages:
        install(p, random, packages)
    p.add("linked/linked.c", "int main(void) { return 0; }\n")
    p.line("build", random.choice([
        f"RUN gcc -o /usr/local/bin/linkedtool linked/linked.c -Wl,--no-as-needed -l{library}",
        f"RUN cd linked && gcc linked.c -Wl,--no-as-needed -l{library} -o linkedtool && mv linkedtool /usr/local/bin/",
    ]))  # fmt: skip
    p.probe(
        "command",
        "linkedtool",
        bare_words='["linkedtool"]',
        bare_first='"linkedtool"',
        bare_others="[]",
        bare_arguments='"linkedtool"',
    )


@element("triggers", "setting", weight=1)
def _triggers(p: Project, random: Random) -> None:
    p.line(
        "expose",
        random.choice(
            ["ONBUILD RUN echo built > /derived.txt", "ONBUILD COPY . /derived", "ONBUILD ENV DERIVED=yes"]
        ),
    )


@element("health-program", "around", "python node", weight=2, fits=lambda p: "health" not in p.facts)
def _health(p: Project, random: Random) -> None:
    p.facts["health"] = "yes"
    p.add("conf/health.txt", "healthy\n")
    _, words = second(p, "health", "read", "conf/health.txt", Probe("health", "read", "conf/health.txt"))
    p.line("expose", random.choice([
        f'HEALTHCHECK --interval=10s --timeout=3s CMD ["{words[0]}", "{words[1]}"]',
        f"HEALTHCHECK CMD {' '.join(words)} || exit 1",
    ]))  # fmt: skip
    p.runs.append(Run("healthcheck", words, entrypoint=[]))


@element("directory-entered", "read", weight=2)
def _entered(p: Project, random: Random) -> None:
    """A step that only changes to a directory, which a COPY of one file makes."""
    place = random.choice(["/opt/notes", "/srv/notes/in", "/notes"])
    p.add("notes.txt", "note\n", application=False)
    p.line("settings", f"COPY notes.txt {place}/notes.txt")
    p.line(
        "settings", random.choice([f"RUN cd {place}", f"RUN cd {place}/ && cd -", f"RUN cd {place} && pwd"])
    )
