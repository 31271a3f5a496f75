"""Elements: compiling; for Go what `go build` is called like, for Node TypeScript."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
import posixpath
from random import Random

from tools.generator.elements.common import full, package, plain, save_package
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe, Program
from tools.generator.sources import filled, main_source


@element("nothing-compiled", "compile", "python")
def _nothing(p: Project, random: Random) -> None:
    return None


@element("node-as-it-is", "compile", "node", weight=5)
def _as_it_is(p: Project, random: Random) -> None:
    return None


def _may_compile(p: Project) -> bool:
    """Whether packages are installed by npm in the plain way, and the program is one file."""
    lines = " ".join(line for slot in ("install", "settings", "build") for line in p.slots.get(slot, []))
    others = (" -g ", "COPY tools", "yarn", "pnpm", "corepack", "NODE_ENV", "prune", "/client", "client ")
    alone = not {"beside", "own-tree"} & set(p.facts) and not p.imports and plain(p)
    joined = any(label.startswith("read-joined") for label, _ in p.parts)
    return alone and not joined and "workspaces" not in package(p) and not any(o in lines for o in others)


@element("typescript", "compile", "node", fits=_may_compile)
def _typescript(p: Project, random: Random) -> None:
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
    """A line of the build, and where its program is."""
    p.line("build", line)
    p.facts["binary"] = place
    if "capability" in p.facts:
        place = posixpath.join(p.home, place)
        p.line("after", f"RUN setcap cap_net_bind_service=+ep {place}")
        p.probe("capability", place)


@element("go-build", "compile", "go", weight=4)
def _go_build(p: Project, random: Random) -> None:
    line, place = random.choice([
        ("RUN go build -o server .", "server"),
        ("RUN go build -o /usr/local/bin/server .", "/usr/local/bin/server"),
        ("RUN CGO_ENABLED=0 go build -o /server .", "/server"),
        ("RUN CGO_ENABLED=0 GOOS=linux go build -ldflags='-s -w' -o bin/server", "bin/server"),
        ("RUN go build", p.facts.get("module", "app")),
        ("RUN go vet ./... && go build -o ./server .", "server"),
        ("RUN go build -o ./bin/ ./...", "bin/" + p.facts.get("module", "app")),
        ("ENV CGO_ENABLED=0\nRUN go build -o server", "server"),
    ])  # fmt: skip
    _go(p, line, place)


@element("go-install", "compile", "go")
def _go_install(p: Project, random: Random) -> None:
    _go(
        p,
        random.choice(["RUN go install .", "RUN go install ./..."]),
        ("/go/bin/" if "distribution-language" not in p.facts else "/root/go/bin/")
        + p.facts.get("module", "app"),
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


@element(
    "go-programs", "compile", "go", fits=lambda p: "go:embed" not in p.head and "copied-stage" not in p.facts
)
def _programs(p: Project, random: Random) -> None:
    _go_tree(p, "server", "worker")
    _go(p, random.choice([
        "RUN for c in server worker; do go build -o /usr/local/bin/$c ./cmd/$c; done",
        "RUN go build -o /usr/local/bin/server ./cmd/server && go build -o /usr/local/bin/worker ./cmd/worker",
        "RUN go build -o /usr/local/bin/ ./cmd/...",
        "RUN mkdir -p /usr/local/bin && go build -o /usr/local/bin ./cmd/server ./cmd/worker",
    ]), "/usr/local/bin/server")  # fmt: skip

    p.compose("worker", Run("worker", [], entrypoint=["worker"]), entrypoint=["worker"])


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


@element("go-with-c", "compile", "go", weight=1, fits=full)
def _with_c(p: Project, random: Random) -> None:
    p.head = '\n// static int answer(void) { return 42; }\nimport "C"\n' + p.head
    p.parts.append(("answer", 'if C.answer() != 42 {\n\treturn "", os.ErrInvalid\n}\nreturn "yes", nil'))
    p.main.probes.append(Probe("answer", "defined", "answer"))
    _go(p, "RUN go build -o server .", "server")


@element("go-named-by-variable", "compile", "go")
def _by_variable(p: Project, random: Random) -> None:
    line, place = random.choice([
        ("ENV NAME=server\nRUN go build -o /usr/local/bin/$NAME .", "/usr/local/bin/server"),
        ("ARG OUT=/out\nRUN mkdir -p $OUT && go build -o $OUT/server .", "/out/server"),
        ("RUN name=server; go build -o bin/$name . && chmod +x bin/$name", "bin/server"),
        ("RUN go build -o /tmp/server . && mv /tmp/server /usr/bin/server && rm -rf /tmp/*", "/usr/bin/server"),
        ("RUN go build -v -trimpath -o server . && go clean -cache", "server"),
        ("RUN go test ./... && go build -buildvcs=false -o server .", "server"),
    ])  # fmt: skip
    _go(p, line, place)


@element("go-run", "compile", "go", weight=1)
def _run(p: Project, random: Random) -> None:
    """The compiler is what starts the program."""
    p.facts["binary"] = "go run ."
    p.facts["no-binary"] = "yes"
    p.facts.pop("capability", None)
