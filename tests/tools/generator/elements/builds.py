"""Elements: what is built or generated."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
import posixpath
from random import Random

from tools.generator.elements.installs import package, save_package
from tools.generator.elements.surroundings import interpreter
from tools.generator.project import Project, element
from tools.generator.simulation.probes import Probe, Program
from tools.generator.sources import filled, main_source


@element("script", "build", weight=3)
def _script(p: Project, random: Random) -> None:
    p.add("messages/de.po", "de\n")
    p.add("messages/fr.po", "fr\n")
    text = random.choice([
        "#!/bin/sh\nset -e\nmkdir -p locale\nfor f in messages/*.po; do\n  cp \"$f\" locale/\ndone\n",
        "#!/bin/sh\nset -e\ncompile() {\n  mkdir -p locale\n  cp \"$1\" locale/\n}\ncompile messages/de.po\ncompile messages/fr.po\n",
        "#!/bin/sh\nset -e\ncd messages\nmkdir -p ../locale\ncp de.po ../locale/de.po\ncp fr.po ../locale/fr.po\n",
        "set -e\nout=locale\nif [ ! -d \"$out\" ]; then mkdir -p \"$out\"; fi\ncat messages/de.po > $out/de.po\ncat messages/fr.po > \"$out/fr.po\"\n",
    ])  # fmt: skip
    p.add("scripts/build.sh", text, 0o755)
    start = ["RUN sh scripts/build.sh"] + (
        ["RUN ./scripts/build.sh", "RUN chmod +x scripts/build.sh && scripts/build.sh"]
        if text.startswith("#!")
        else []
    )
    p.line("build", random.choice(start))
    p.probe("list", "locale")
    p.probe("read", "locale/fr.po")


@element(
    "make",
    "build",
    weight=3,
    fits=lambda p: not p.slim and "distribution-language" not in p.facts and "no-make" not in p.facts,
)
def _make(p: Project, random: Random) -> None:
    if p.alpine:
        p.line("system", "RUN apk add --no-cache make")
    p.add("notes/a.in", "a\n")
    p.add("notes/b.in", "b\n")
    p.add("Makefile", random.choice([
        "SOURCES := $(wildcard notes/*.in)\nOUT := $(patsubst notes/%.in,public/%.txt,$(SOURCES))\n\nall: $(OUT)\n\npublic/%.txt: notes/%.in\n\tmkdir -p public\n\tcp $< $@\n",
        "DEST ?= public\n\n.PHONY: all\nall: $(DEST)/a.txt $(DEST)/b.txt\n\n$(DEST)/%.txt: notes/%.in\n\t@mkdir -p $(DEST)\n\tcp $< $@\n",
        "all: pages\n\npages:\n\tmkdir -p public\n\tfor f in a b; do cp notes/$$f.in public/$$f.txt; done\n",
    ]))  # fmt: skip
    p.line("build", random.choice(["RUN make", "RUN make all"]))
    p.probe("list", "public")
    p.probe("read", "public/b.txt")


@element("generator", "build", "python node", weight=2)
def _generator(p: Project, random: Random) -> None:
    if p.language == "python":
        text = '"""Generates the index."""\nimport pathlib\n\nout = pathlib.Path("generated")\nout.mkdir(exist_ok=True)\n(out / "index.txt").write_text(pathlib.Path("words.txt").read_text())\n'
        name = "tools/generate.py"
    else:
        text = 'const fs = require("fs");\nfs.mkdirSync("generated", { recursive: true });\nfs.writeFileSync("generated/index.txt", fs.readFileSync("words.txt"));\n'
        name = "tools/generate.js"
    p.add("words.txt", "words\n")
    p.script(
        name, Program("generate", p.language, reads=["words.txt"], writes={"generated/index.txt": ""}), text
    )
    if p.language == "node" and random.random() < 0.6:
        data = package(p)
        data["scripts"] = {**data.get("scripts", {}), "build": f"node {name}"}  # type: ignore[dict-item]
        save_package(p, data)
        p.line("build", "RUN npm run build")
    else:
        p.line("build", f"RUN {interpreter(p)} {name}")
    p.probe(random.choice(["read", "read-path"]), "generated/index.txt")


@element("loop", "build")
def _loop(p: Project, random: Random) -> None:
    p.add("seeds/one.txt", "1\n")
    p.add("seeds/two.txt", "2\n")
    p.line("build", random.choice([
        "RUN for f in one two; do mkdir -p built && cp seeds/$f.txt built/$f.out; done",
        "RUN mkdir -p built && cp seeds/one.txt built/one.out && cp seeds/two.txt built/two.out",
        "RUN mkdir built; cp seeds/one.txt built/one.out; cp seeds/two.txt built/two.out",
        "RUN <<EOF\nset -e\nmkdir -p built\nfor f in one two; do\n  cp seeds/$f.txt built/$f.out\ndone\nEOF",
        "RUN make_one() { mkdir -p built && cp seeds/$1.txt built/$1.out; } && make_one one && make_one two",
    ]))  # fmt: skip
    p.probe("list", "built")
    p.probe("read", "built/two.out")


@element("deleted", "build", weight=1)
def _deleted(p: Project, random: Random) -> None:
    p.add("examples/big.txt", "big\n")
    p.line("build", "RUN rm -rf examples")


@element("stage-of-assets", "stage", weight=2)
def _assets(p: Project, random: Random) -> None:
    image = random.choice(["debian:bookworm-slim", "node:20-slim", p.base])
    p.line(
        "stage", f"FROM {image} AS assets\nWORKDIR /build\nRUN mkdir -p dist && echo bundle > dist/bundle.js"
    )
    p.line(
        "after",
        random.choice(
            [
                "COPY --from=assets /build/dist ./assets",
                f"COPY --from=assets /build/dist/ {p.path('assets')}/",
            ]
        ),
    )
    p.probe("read", "assets/bundle.js")


@element("stage-continued", "stage", weight=1)
def _continued(p: Project, random: Random) -> None:
    p.slots["from"][-1] += " AS base"
    p.line("after", "FROM base AS final")


# --- compiling: for Go what `go build` is called like, for Node TypeScript


@element("nothing-compiled", "compile", "python")
def _nothing(p: Project, random: Random) -> None:
    return None


@element("node-as-it-is", "compile", "node", weight=5)
def _as_it_is(p: Project, random: Random) -> None:
    return None


@element(
    "typescript",
    "compile",
    "node",
    fits=lambda p: not any(" -g " in line or "COPY tools" in line for line in p.slots.get("install", [])),
)
def _typescript(p: Project, random: Random) -> None:
    if (
        "beside" in p.facts
        or any(label.startswith("read-joined") for label, _ in p.parts)
        or p.imports
        or "distribution-language" in p.facts
    ):
        return
    data = package(p)
    data["devDependencies"] = {**data.get("devDependencies", {}), "typescript": "5.4.5"}  # type: ignore[dict-item]
    data["scripts"] = {
        **data.get("scripts", {}),
        "build": f"{data['scripts']['build']} && tsc" if "build" in data.get("scripts", {}) else "tsc",
    }  # type: ignore[dict-item]
    save_package(p, data)
    p.files.pop("package-lock.json", None)
    p.places = [n for n in p.places if n != "package-lock.json"]
    p.slots["install"] = ["COPY package.json ./\nRUN npm install"]
    p.slots["build"] = [
        line for line in p.slots.get("build", []) if "npm ci" not in line and "npm install" not in line
    ]
    options = {
        "rootDir": "src",
        "outDir": "dist",
        "module": "commonjs",
        "target": "es2020",
        "allowJs": True,
        "noCheck": True,
    }
    p.add("tsconfig.json", json.dumps({"compilerOptions": options, "include": ["src"]}))
    p.line("build", random.choice(["RUN npm run build", "RUN npx tsc"]))
    p.facts["main-file"] = "src/server.ts"
    p.facts["started"] = "dist/server.js"
    p.static_only = "needs node's types"


def _go(p: Project, line: str, place: str) -> None:
    p.line("build", line)
    p.facts["binary"] = place
    if "capability" in p.facts:
        p.line("after", f"RUN setcap cap_net_bind_service=+ep {posixpath.join(p.home, place)}")


@element("go-build", "compile", "go", weight=4)
def _go_build(p: Project, random: Random) -> None:
    line, place = random.choice([
        ("RUN go build -o server .", "server"),
        ("RUN go build -o /usr/local/bin/server .", "/usr/local/bin/server"),
        ("RUN CGO_ENABLED=0 go build -o /server .", "/server"),
        ("RUN CGO_ENABLED=0 GOOS=linux go build -ldflags='-s -w' -o bin/server", "bin/server"),
        ("RUN go build", "app"),
        ("RUN go vet ./... && go build -o ./server ./...", "server"),
        ("ENV CGO_ENABLED=0\nRUN go build -o server", "server"),
    ])  # fmt: skip
    _go(p, line, place)


@element("go-install", "compile", "go")
def _go_install(p: Project, random: Random) -> None:
    _go(
        p,
        random.choice(["RUN go install .", "RUN go install ./..."]),
        "/go/bin/app" if "distribution-language" not in p.facts else "/root/go/bin/app",
    )


@element("go-defined", "compile", "go")
def _defined(p: Project, random: Random) -> None:
    p.line("settings", "ARG VERSION_TEXT=9.9")
    p.head += '\nvar version = "none"\n'
    p.parts.append(("defined", filled("go", "defined", {"bare": "version"})))
    p.main.probes.append(Probe("defined", "defined", "version"))
    _go(p, 'RUN go build -ldflags "-X main.version=${VERSION_TEXT}" -o server .', "server")


def _go_tree(p: Project, *names: str) -> None:
    """Programs in cmd/; the first is the main one."""
    p.facts["main-file"] = f"cmd/{names[0]}/main.go"
    for name in names[1:]:
        body = filled("go", "read", {"what": "data/jobs.txt"})
        program = Program(name, "go", [Probe("jobs", "read", "data/jobs.txt")])
        p.add("data/jobs.txt", "every day\n")
        p.script(f"cmd/{name}/main.go", program, main_source("go", [("jobs", body)], title=name))


@element("go-programs", "compile", "go", fits=lambda p: "go:embed" not in p.head)
def _programs(p: Project, random: Random) -> None:
    _go_tree(p, "server", "worker")
    _go(p, random.choice([
        "RUN for c in server worker; do go build -o /usr/local/bin/$c ./cmd/$c; done",
        "RUN go build -o /usr/local/bin/server ./cmd/server && go build -o /usr/local/bin/worker ./cmd/worker",
        "RUN go build -o /usr/local/bin/ ./cmd/...",
        "RUN mkdir -p /usr/local/bin && go build -o /usr/local/bin ./cmd/server ./cmd/worker",
    ]), "/usr/local/bin/server")  # fmt: skip
    from tools.generator.project import Run

    p.service = p.service or "service"
    if "docker-compose.yml" not in p.outer:
        p.outer["docker-compose.yml"] = (
            f'services:\n  app:\n    build: ./{p.service}\n  worker:\n    build: ./{p.service}\n    entrypoint: ["worker"]\n'
        )
        p.runs.append(Run("worker", [], entrypoint=["worker"]))


@element("go-make", "compile", "go", fits=lambda p: "Makefile" not in p.files and "no-make" not in p.facts)
def _go_make(p: Project, random: Random) -> None:
    if p.alpine:
        p.line("system", "RUN apk add --no-cache make")
    if "distribution-language" in p.facts:
        p.line("system", "RUN apt-get update && apt-get install -y make")
    p.add("Makefile", random.choice([
        "build:\n\tgo build -o bin/server .\n",
        "BIN := bin\nLDFLAGS := -s -w\n\nbuild: $(BIN)/server\n\n$(BIN)/server:\n\tmkdir -p $(BIN)\n\tCGO_ENABLED=0 go build -ldflags \"$(LDFLAGS)\" -o $@ .\n",
    ]))  # fmt: skip
    _go(p, "RUN make build", "bin/server")


@element("go-script", "compile", "go")
def _go_script(p: Project, random: Random) -> None:
    p.add(
        "build.sh",
        '#!/bin/sh\nset -e\nbuild() {\n  go build -o "out/$1" .\n}\nmkdir -p out\nbuild server\n',
        0o755,
    )
    _go(p, random.choice(["RUN ./build.sh", "RUN sh build.sh"]), "out/server")
