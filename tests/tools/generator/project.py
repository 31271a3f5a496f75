"""A generated project: the files of a repository, a Dockerfile, and what its program needs at run time."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tools.generator.simulation.files import Files, Node
from tools.generator.simulation.probes import KINDS, Probe, Program, has_package
from tools.generator.simulation.shell import COMMANDS, Shell
from tools.generator.sources import filled, main_source

SLOTS = """
  top stage from settings system account workdir install before-copy copy build after volume user expose start
""".split()
MAIN = {"python": "app.py", "node": "server.js", "go": "main.go"}


@dataclass(frozen=True)
class File:
    data: bytes
    mode: int = 0o644
    link: str = ""


@dataclass
class Run:
    """A container that somebody starts: its command, None for that of the image."""

    name: str
    command: list[str] | None = None
    entrypoint: list[str] | None = None
    reports: bool = True
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = ""
    mounted: bool = False  # the context, with a change, hides the working directory
    keeps: str = ""  # what a volume keeps of the image below the mounted directory
    target: str = ""  # the stage that is built for it, if it is not the last one


@dataclass
class Project:
    language: str
    base: str = ""
    alpine: bool = False
    slim: bool = False
    home: str = "/app"  # the working directory
    service: str = ""  # the context's directory in the repository
    files: dict[str, File] = field(default_factory=dict)
    outer: dict[str, str] = field(default_factory=dict)  # of the repository, above the context
    hidden: set[str] = field(default_factory=set)  # files that the checkout lacks, and the builder has
    ignore: list[str] = field(default_factory=list)  # .dockerignore
    slots: dict[str, list[str]] = field(default_factory=dict)
    parts: list[tuple[str, str]] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    head: str = ""
    main: Program = field(default_factory=lambda: Program("app", "python"))
    programs: dict[bytes, Program] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=lambda: [Run("image")])
    services: dict[str, dict[str, object]] = field(
        default_factory=dict
    )  # of the compose file above the context
    arguments: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)  # variables that whoever starts a container sets
    sealed: set[str] = field(default_factory=set)  # groups that have nothing to add
    edited: dict[str, str] = field(default_factory=dict)  # what the mounted context has instead
    applied: list[str] = field(default_factory=list)  # the elements that fit
    facts: dict[str, str] = field(default_factory=dict)  # what elements tell later ones
    places: list[str] = field(default_factory=list)  # top names of the context that COPY has to bring
    static_only: str = ""  # why it cannot be built here
    reports: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def add(self, path: str, text: str | bytes, mode: int = 0o644, *, application: bool = True) -> None:
        data = text.encode() if isinstance(text, str) else text
        self.files[path] = File(data, mode)
        top = path.split("/")[0]
        if application and top not in self.places:
            self.places.append(top)

    def line(self, slot: str, text: str) -> None:
        self.slots.setdefault(slot, []).append(text)

    def probe(
        self, form: str, need: str, *, label: str = "", beside: bool = False, kind: str = "", **words: str
    ) -> str:
        """Adds a need of the program: the source code of `form`, and what it has to find."""
        label = label or f"{form}-{len(self.parts)}"
        self.parts.append((label, filled(self.language, form, {"what": need, **words})))
        self.main.probes.append(Probe(label, kind or _kind(form), need, beside))
        return label

    def path(self, name: str) -> str:
        """The place in the image of a file that the working directory holds."""
        return posixpath.join(self.home, name)

    def script(self, name: str, program: Program, text: str) -> None:
        """A further program of the project."""
        self.add(name, text)
        self.programs[text.encode()] = program

    def compose(self, name: str, run: Run | None = None, **settings: object) -> None:
        """A service of the compose file above the context, and what starting it does."""
        self.service = self.service or "service"
        self.services.setdefault("app", {})
        self.services.setdefault(name, {}).update(settings)
        if run is not None:
            self.runs.append(run)

    # --- the finished project

    def finish(self) -> None:
        """Writes the main source; elements that place it elsewhere have set `main-file`."""
        if self.facts.get("entrypoint") == "program":
            self._replace_entrypoints()
        for run in self.runs:
            run.env = {**self.given, **run.env}
        if self.services:
            self.outer["docker-compose.yml"] = self._compose_file()
        self.main.language = self.language
        text = main_source(self.language, self.parts, self.imports, self.head)
        self.add(self.facts.get("main-file", MAIN[self.language]), text)
        self.programs[text.encode()] = self.main
        if "mounted" in self.facts:
            self._edit()

    def _edit(self) -> None:
        """Somebody goes on with the main source after the image was built."""
        parts = [*self.parts, ("edited", filled(self.language, "defined", {"bare": '"yes"'}))]
        text = main_source(self.language, parts, self.imports, self.head)
        probes = [*self.main.probes, Probe("edited", "constant", "yes")]
        self.programs[text.encode()] = replace(self.main, probes=probes)
        self.edited[self.facts.get("main-file", MAIN[self.language])] = text
        self.services["app"]["volumes"] = [f"./{self.service}:{self.home}"]
        self.outer["docker-compose.yml"] = self._compose_file()

    def _replace_entrypoints(self) -> None:
        """Where the entry point is the program itself, other commands take its place."""
        for run in self.runs:
            if run.command and run.entrypoint is None:
                run.entrypoint = []
        for rows in self.services.values():
            if "command" in rows:
                rows["entrypoint"] = rows.pop("command")

    def _compose_file(self) -> str:
        text = "services:\n"
        for name, settings in self.services.items():
            rows: dict[str, object] = {"build": f"./{self.service}", **settings}
            if isinstance(rows["build"], dict):
                given = {n: v for n, v in self.arguments.items() if n != self.facts.get("secret")}
                rows["build"] = {**rows["build"], "context": f"./{self.service}", "args": given}
            text += f"  {name}:\n" + "".join(f"    {k}: {json.dumps(v)}\n" for k, v in rows.items())
        return text

    def dockerfile(self) -> str:
        blocks = ["\n".join(self.slots[slot]) for slot in self.order() if self.slots.get(slot)]
        text = "\n\n".join(blocks) + "\n"
        return _ENDINGS[self.facts.get("endings", "")](text)

    def order(self) -> Sequence[str]:
        order = list(SLOTS)
        if self.facts.get("system-late"):
            order.remove("system")
            order.insert(order.index("copy") + 1, "system")
        return order

    def context(self) -> Files:
        """The context that the builder has."""
        files = Files()
        for path in self.files:
            files.make_directories(posixpath.dirname("/" + path))
        for path, file in self.files.items():
            node = (
                Node("link", file.link.encode(), 0o777) if file.link else Node("file", file.data, file.mode)
            )
            files.put("/" + path, node)
        return files

    def write(self, root: Path, *, hidden: bool = False) -> Path:
        """Writes the repository to a new directory, and returns the context's directory. Links come
        last, so that nothing is written through one."""
        context = root / self.service if self.service else root
        root.mkdir()  # never one that exists, or a link
        if "no-repository" not in self.facts:
            (root / ".git").mkdir()
        rows: dict[Path, File] = {root / p: File(t.encode()) for p, t in self.outer.items()}
        rows |= {context / p: f for p, f in self.files.items() if hidden or p not in self.hidden}
        if self.ignore:
            rows[context / ".dockerignore"] = File("".join(f"{r}\n" for r in self.ignore).encode())
        rows[context / "Dockerfile"] = File(self.dockerfile().encode())
        for path, file in sorted(rows.items(), key=lambda row: bool(row[1].link)):
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.link:
                path.symlink_to(file.link)
                continue
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, file.mode)
            with os.fdopen(number, "wb") as stream:
                stream.write(file.data)
            path.chmod(file.mode)
        return context

    def behaviour(self, shell: Shell, argv: list[str], data: bytes) -> int | None:
        """What the programs of the project do, by the text of their sources."""
        head: dict[str, dict[str, str]] = {}
        if data.startswith(b"\x7fGO "):
            line, _, data = data[4:].partition(b"\n")
            head = json.loads(line)
            linked = str(head.get("linked") or "")
            if linked and not shell.files.is_file(f"/lib/{linked}"):
                shell.say(f"{argv[0]}: no {linked}")
                return 127
        data = data.removeprefix(b"// compiled\n")
        program = self.programs.get(data)
        if program is None and (entry := re.search(rb"# entry (\w+)(\.\w+)?:(\w+)", data)):
            return self._entry(shell, argv, entry[1].decode(), (entry[2] or b"").decode())
        if program is None:
            return self._tool(shell, argv, data)
        if program.writes or program.reads or program.modules:
            return self._produce(shell, argv, program)
        report = program.answer(shell, argv, head)
        if report is None:
            return 1
        self.reports.append((program.name, report))
        return 0

    @staticmethod
    def _tool(shell: Shell, argv: list[str], data: bytes) -> int | None:
        """A program that a package of PyPI or npm brings; most do nothing that matters here."""
        found = re.search(rb"# program of \w+: (\w+)", data)
        name = found[1].decode() if found else ""
        if name in COMMANDS:
            return COMMANDS[name](shell, [name, *argv[2:]])
        return 0 if found else None

    def _entry(self, shell: Shell, argv: list[str], package: str, module: str) -> int:
        from tools.generator.simulation.python import has_module, python_path

        path = python_path(shell, argv[0])[1:]
        found = has_module(shell, package, path)
        if found is None:
            return shell.say(f"no module {package}")
        place = posixpath.join(posixpath.dirname(found), module[1:] + ".py") if module else found
        if not shell.files.is_file(place):
            return shell.say(f"no module {package}{module}")
        return self.behaviour(shell, [argv[0], place], shell.files.read(place)) or 0

    @staticmethod
    def _produce(shell: Shell, argv: list[str], program: Program) -> int:
        """A program of the build: it reads files and writes others."""
        text = ""
        if any(not shell.env.get(name) for name in program.needs):
            return shell.say(f"{program.name}: a variable is missing")
        for name in program.modules:
            if not has_package(shell, program.language, name, argv):
                return shell.say(f"{program.name}: no module {name}")
        for name in program.reads:
            if not shell.files.is_file(shell.path(name)):
                return shell.say(f"{program.name}: no {name}")
            text += shell.files.text(shell.path(name))
        for name, content in program.writes.items():
            path = shell.path(name.replace("~", shell.env.get("HOME", "/"), 1))
            shell.files.make_directories(posixpath.dirname(path), uid=shell.uid, gid=shell.gid)
            shell.files.write(path, content + text, uid=shell.uid, gid=shell.gid)
        return 0


_ENDINGS: Mapping[str, Callable[[str], str]] = {
    "": lambda text: text,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "no-last": lambda text: text.rstrip("\n"),
    "mark": lambda text: "\ufeff" + text,
}


def _kind(form: str) -> str:
    if form in KINDS:
        return form
    return {"glob": "list", "served": "read"}.get(form) or form.partition("-")[0]


Apply = Callable[[Project, Random], None]


@dataclass(frozen=True)
class Element:
    """A piece of a project. `group` says where the grammar uses it; the first of a group is the simplest.
    An element that does not fit what is there already does nothing."""

    name: str
    group: str
    languages: tuple[str, ...]
    apply: Apply
    weight: int = 2
    fits: Callable[[Project], bool] = lambda _: True


ELEMENTS: dict[str, Element] = {}


def element(
    name: str,
    group: str,
    languages: str = "python node go",
    weight: int = 2,
    fits: Callable[[Project], bool] = lambda _: True,
) -> Callable[[Apply], Apply]:
    def register(function: Apply) -> Apply:
        assert name not in ELEMENTS, name
        ELEMENTS[name] = Element(name, group, tuple(languages.split()), function, weight, fits)
        return function

    return register


@dataclass(frozen=True)
class Case:
    """Which elements, in order. The same case gives the same project."""

    seed: str
    language: str
    elements: tuple[str, ...]

    def project(self) -> Project:
        project = Project(self.language)
        for name in self.elements:
            each = ELEMENTS[name]
            if each.group == "start":
                self._complete(project)
            if each.group not in project.sealed and each.fits(project):
                project.applied.append(name)
                each.apply(project, Random(f"{self.seed}/{name}"))
        self._complete(project)
        if not project.slots.get("start") and all(r.name != "manifest" for r in project.runs):
            ELEMENTS["exec"].apply(project, Random(self.seed))
        from tools.generator.elements.starts import with_wrapper

        with_wrapper(project)
        project.finish()
        from tools.generator.layout import lay_out

        lay_out(project, Random(f"{self.seed}/layout"))
        return project

    def _complete(self, project: Project) -> None:
        """Adds the simplest of what every project needs, if nothing that was chosen fits."""
        missing = [] if project.slots.get("from") else ["base-full"]
        if self.language == "go":
            project.service = project.service or "service"  # go looks into a .git of the context
            missing += [] if "go.mod" in project.files or "module" in project.facts else ["go-modules"]
            missing += [] if "binary" in project.facts else ["go-build"]
        for name in missing:
            ELEMENTS[name].apply(project, Random(f"{self.seed}/{name}"))


# groups in the order in which they apply, and how many elements of each a project has
GROUPS: Mapping[str, tuple[int, int]] = {
    "base": (1, 1),
    "place": (1, 1),
    "setting": (0, 3),
    "system": (0, 2),
    "account": (0, 1),
    "install": (1, 1),
    "read": (1, 4),
    "program": (0, 2),
    "build": (0, 2),
    "compile": (1, 1),
    "state": (0, 2),
    "stage": (0, 1),
    "copy": (1, 1),
    "around": (0, 2),
    "start": (1, 1),
}


def draw(seed: str, language: str) -> Case:
    """A random case; the same one for the same seed."""
    random = Random(seed)
    chosen: list[str] = []
    for group, (least, most) in GROUPS.items():
        options = [e for e in ELEMENTS.values() if e.group == group and language in e.languages]
        count = random.randint(least, most) if group != "stage" else int(random.random() < 0.2)
        for _ in range(count):
            if options:
                each = random.choices(options, [e.weight for e in options])[0]
                options.remove(each)
                chosen.append(each.name)
    return Case(seed, language, tuple(chosen))
