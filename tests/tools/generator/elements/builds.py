"""Elements: what is built or generated."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.common import full, interpreter, look, package, plain, save_package
from tools.generator.project import Project, element
from tools.generator.simulation.probes import Program


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
    fits=lambda p: not p.slim and plain(p) and "no-make" not in p.facts and "Makefile" not in p.files,
)
def _make(p: Project, random: Random) -> None:
    if p.alpine:
        p.line("system", "RUN apk add --no-cache make")
    p.add("notes/a.in", "a\n")
    p.add("notes/b.in", "b\n")
    p.add("Makefile", random.choice([
        "SOURCES := $(wildcard notes/*.in)\nOUT := $(patsubst notes/%.in,public/%.txt,$(SOURCES))\n\nall: $(OUT)\n\npublic/%.txt: notes/%.in\n\tmkdir -p public\n\tcp $< $@\n",
        "DEST ?= public\n\n.PHONY: all\nall: $(DEST)/a.txt $(DEST)/b.txt\n\n$(DEST)/%.txt: notes/%.in\n\t@mkdir -p $(DEST)\n\tcp $< $@\n",
        "all: site\n\nsite:\n\tmkdir -p public\n\tfor f in a b; do cp notes/$$f.in public/$$f.txt; done\n",
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


@element("stage-continued", "stage", weight=2)
def _continued(p: Project, random: Random) -> None:
    """The last stage starts from another one, which has all steps or only the first ones."""
    p.slots["from"][-1] += " AS base"
    p.line(random.choice(["system", "workdir", "install", "copy", "build", "after"]), "FROM base AS final")


@element("env-file-sourced", "build", weight=1)
def _sourced(p: Project, random: Random) -> None:
    p.add("scripts/env.sh", "TARGET=made\nexport TARGET\n")
    p.add("scripts/lib.sh", 'put() {\n  mkdir -p "$TARGET"\n  echo "$1" > "$TARGET/$1.txt"\n}\n')
    p.add(
        "scripts/make.sh",
        '#!/bin/sh\nset -e\ndir=$(dirname "$0")\n. "$dir/env.sh"\n. "$dir/lib.sh"\nput one\nput two\n',
        0o755,
    )
    p.line("build", random.choice(["RUN sh scripts/make.sh", "RUN ./scripts/make.sh"]))
    p.probe("list", "made")


@element("built-elsewhere", "build", weight=2, fits=lambda p: "copied-stage" not in p.facts)
def _built_elsewhere(p: Project, random: Random) -> None:
    p.add("handbook/a.txt", "# a\n")
    p.line(
        "build",
        random.choice(
            [
                "RUN mkdir -p /usr/share/pages && cp handbook/*.txt /usr/share/pages/",
                "RUN mkdir -p /usr/share/pages && for f in handbook/*.txt; do cp $f /usr/share/pages/; done",
                "RUN cp -a handbook /usr/share/pages",
            ]
        ),
    )
    look(p, random, "/usr/share/pages", "a.txt", ("read", "read-split"))


@element("script-without-ending", "build")
def _without_ending(p: Project, random: Random) -> None:
    p.add(
        "bin/prepare",
        '#!/usr/bin/env sh\nset -eu\ntarget=${1:-prepared}\nmkdir -p "$target"\ncp words/*.txt "$target"/\n',
        0o755,
    )
    p.add("words/en.txt", "en\n")
    p.line(
        "build",
        random.choice(
            [
                "RUN bin/prepare",
                "RUN ./bin/prepare prepared",
                "RUN sh bin/prepare",
                "RUN cd bin && cd .. && ./bin/prepare",
            ]
        ),
    )
    p.probe("read", "prepared/en.txt")


@element("generator-of-go", "build", "go", weight=2)
def _go_generator(p: Project, random: Random) -> None:
    text = '//go:build ignore\n\npackage main\n\nimport "os"\n\nfunc main() {\n\tos.MkdirAll("generated", 0o755)\n\ttext, err := os.ReadFile("words.txt")\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tos.WriteFile("generated/index.txt", text, 0o644)\n}\n'
    p.add("words.txt", "words\n")
    p.script(
        "gen/main.go", Program("gen", "go", reads=["words.txt"], writes={"generated/index.txt": ""}), text
    )
    p.line("build", "RUN go run gen/main.go")
    p.probe("read", "generated/index.txt")


@element("generate-of-go", "build", "go", weight=2)
def _go_generate(p: Project, random: Random) -> None:
    """What a generator makes is read, or a file that git does not know."""
    p.add("gen/doc.go", "// Package gen has no code.\npackage gen\n\n//go:generate sh make.sh\n")
    p.add("gen/make.sh", "mkdir -p ../out\necho made > ../out/gen.txt\n")
    p.line(
        "build",
        random.choice(
            ["RUN go generate ./...", "RUN go generate ./gen", "RUN go fmt ./... && go generate ./gen"]
        ),
    )
    if random.random() < 0.5:
        p.probe("read", "out/gen.txt")
        return
    p.add(".gitignore", "config.json\n", application=False)
    p.add("config.json", '{"level": 1}\n')
    p.hidden.add("config.json")
    p.probe(random.choice(["read", "read-path"]), "config.json")


@element("secret-of-build", "build", "python node")
def _secret(p: Project, random: Random) -> None:
    p.arguments["SECRET_KEY"] = "abc"
    p.facts["secret"] = "SECRET_KEY"
    p.add("assets/in.css", "h1 {}\n")
    if p.language == "python":
        text = 'import os\nimport pathlib\n\nos.environ["SECRET_KEY"]\nout = pathlib.Path("collected")\nout.mkdir(exist_ok=True)\n(out / "in.css").write_text(pathlib.Path("assets/in.css").read_text())\n'
    else:
        text = 'const fs = require("fs");\nif (!process.env.SECRET_KEY) process.exit(1);\nfs.mkdirSync("collected", { recursive: true });\nfs.copyFileSync("assets/in.css", "collected/in.css");\n'
    name = "manage.py" if p.language == "python" else "manage.js"
    p.script(
        name,
        Program(
            "manage",
            p.language,
            reads=["assets/in.css"],
            writes={"collected/in.css": ""},
            needs=["SECRET_KEY"],
        ),
        text,
    )
    p.line("build", random.choice([
        f"ARG SECRET_KEY\nRUN {interpreter(p)} {name} collect",
        f"ARG SECRET_KEY\nRUN SECRET_KEY=$SECRET_KEY {interpreter(p)} {name} collect",
    ]))  # fmt: skip
    p.probe("read", "collected/in.css")


@element("tests-in-build", "build", "python node")
def _tests(p: Project, random: Random) -> None:
    p.add("tests/fixture.txt", "fixture\n")
    if p.language == "python":
        text = 'import pathlib\n\nassert pathlib.Path("tests/fixture.txt").read_text()\n'
        p.script("tests/check.py", Program("check", "python", reads=["tests/fixture.txt"]), text)
        p.line(
            "build",
            random.choice(
                [
                    f"RUN {interpreter(p)} tests/check.py",
                    f"RUN {interpreter(p)} tests/check.py && rm -rf tests",
                ]
            ),
        )
        return
    text = 'require("fs").readFileSync("tests/fixture.txt");\n'
    p.script("tests/check.js", Program("check", "node", reads=["tests/fixture.txt"]), text)
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "test": "node tests/check.js"}  # type: ignore[dict-item]
    save_package(p, data)
    p.line("build", random.choice(["RUN npm test", "RUN npm run test && rm -rf tests", "RUN npm t"]))


@element("script-by-stdin", "build", "python", weight=1)
def _stdin(p: Project, random: Random) -> None:
    text = 'import pathlib\npathlib.Path("stamped.txt").write_text("stamped\\n")\n'
    p.programs[text.encode()] = Program("stamp", "python", writes={"stamped.txt": "stamped\n"})
    p.line("build", f"RUN {interpreter(p)} <<'EOF'\n{text}EOF")
    p.probe("read", "stamped.txt")


@element("downloaded-to-home", "build", "python node", weight=2, fits=lambda p: "copied-stage" not in p.facts)
def _to_home(p: Project, random: Random) -> None:
    """A program of the build leaves a cache at home that the program reads."""
    if "user" in p.facts:
        return
    if p.language == "python":
        text = 'import pathlib\n\nplace = pathlib.Path.home() / ".cache" / "words"\nplace.mkdir(parents=True, exist_ok=True)\n(place / "en.txt").write_text("en\\n")\n'
    else:
        text = 'const fs = require("fs");\nconst place = require("os").homedir() + "/.cache/words";\nfs.mkdirSync(place, { recursive: true });\nfs.writeFileSync(`${place}/en.txt`, "en\\n");\n'
    name = "tools/fetch.py" if p.language == "python" else "tools/fetch.js"
    p.script(name, Program("fetch", p.language, writes={"~/.cache/words/en.txt": "en\n"}), text)
    p.line("build", f"RUN {interpreter(p)} {name}")
    p.probe("read-home", ".cache/words/en.txt")


@element("make-of-parts", "build", weight=2, fits=lambda p: full(p) and "Makefile" not in p.files)
def _make_parts(p: Project, random: Random) -> None:
    p.add("build/common.mk", "DEST = out\n")
    p.add("leaflets/Makefile", "pages:\n\tmkdir -p ../out && cp a.in ../out/a.txt\n")
    p.add("leaflets/a.in", "a\n")
    p.add("Makefile", random.choice([
        "include build/common.mk\n\nall: $(DEST)/a.txt\n\n$(DEST)/a.txt: leaflets/a.in | $(DEST)\n\tcp $< $@\n\n$(DEST):\n\tmkdir -p $@\n",
        "all:\n\t$(MAKE) -C leaflets pages\n",
        "all: first second\n\nfirst:\n\t@mkdir -p out\n\nsecond: first\n\t@cat leaflets/a.in > out/a.txt\n",
        "TARGETS = out/a.txt\n\nall: $(TARGETS)\n\nout/%.txt: leaflets/%.in\n\tmkdir -p $(@D)\n\tcp $^ $@\n",
    ]))  # fmt: skip
    p.line("build", random.choice(["RUN make", "RUN make all", "RUN make -j2 all"]))
    p.probe("read", "out/a.txt")


@element("client-directory", "build", "node", weight=2, fits=plain)
def _client(p: Project, random: Random) -> None:
    p.add(
        "client/package.json",
        '{"name": "client", "version": "1.0.0", "scripts": {"build": "node build.js"}, "devDependencies": {"ms": "2.1.3"}}\n',
    )
    text = 'const fs = require("fs");\nfs.mkdirSync("dist", { recursive: true });\nfs.writeFileSync("dist/app.js", "app\\n");\n'
    p.script("client/build.js", Program("client", "node", writes={"dist/app.js": "app\n"}), text)
    p.line("build", random.choice([
        "RUN cd client && npm install && npm run build",
        "RUN npm --prefix client install && npm --prefix client run build",
        f"WORKDIR {p.path('client')}\nRUN npm install\nRUN npm run build\nWORKDIR {p.home}",
        "RUN cd client && npm install && npm run build && rm -rf node_modules",
    ]))  # fmt: skip
    if "--prefix" in p.slots["build"][-1]:
        p.static_only = "settings of npm below its prefix"
    p.probe("read", "client/dist/app.js")


@element("stage-of-client", "stage", weight=2)
def _client_stage(p: Project, random: Random) -> None:
    p.add(
        "front/package.json",
        '{"name": "front", "version": "1.0.0", "scripts": {"build": "node build.js"}}\n',
        application=False,
    )
    text = 'const fs = require("fs");\nfs.mkdirSync("dist", { recursive: true });\nfs.writeFileSync("dist/app.js", "app\\n");\n'
    p.add("front/build.js", text, application=False)
    p.programs[text.encode()] = Program("front", "node", writes={"dist/app.js": "app\n"})
    p.line(
        "stage",
        "FROM node:20-slim AS client\nWORKDIR /client\nCOPY front/package.json ./\nRUN npm install\nCOPY front .\nRUN npm run build",
    )
    p.line("after", "COPY --from=client /client/dist ./static")
    p.probe("read", "static/app.js")
