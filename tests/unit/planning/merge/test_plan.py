"""Two files into one: what scripts are understood to do, and what becomes of the COPYs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from slimify.analysis.repository.build_script import build_script
from slimify.app import merge_pipeline
from slimify.app.dockerfiles import Source
from slimify.app.locate import Target
from slimify.config import Options
from slimify.model.outcome import Outcome

BUILD = "docker build -t b -f Dockerfile.build .\n"
AFTER = "docker build -t app .\n"
BUILDER = "FROM golang:1.24\nWORKDIR /src\nCOPY main.go .\nRUN CGO_ENABLED=0 go build -o app main.go\n"
RUNTIME = 'FROM scratch\nCOPY app /app\nCMD ["/app"]\n'
MAIN = 'package main\n\nfunc main() { println("hi") }\n'


@dataclass(frozen=True, kw_only=True)
class Glued:
    """A script, and what it takes out: `path=name` each."""

    id: str
    text: str
    taken: tuple[str, ...] = ()
    name: str = "build.sh"
    untraced: bool = False
    modified: bool = False
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


SCRIPTS = (
    Glued(id="nothing-taken", text=BUILD + AFTER),
    Glued(id="another-image", text=BUILD + "docker run --rm other cat /src/app > app\n" + AFTER),
    Glued(id="path-of-a-variable", text=BUILD + "docker run b cat $OUT > app\n" + AFTER, untraced=True),
    Glued(id="output-of-a-program", text=BUILD + "docker run b ./pack > app.tar\n" + AFTER, untraced=True),
    Glued(
        id="build-on-a-mount",
        text=BUILD + 'docker run -v "$PWD":/src -w /src b make\n' + AFTER,
        untraced=True,
    ),
    Glued(
        id="entrypoint-in-the-way",
        text=BUILD + "docker run b cat /src/app > app\n" + AFTER,
        entrypoint=("/run.sh",),
        untraced=True,
    ),
    Glued(
        id="entrypoint-replaced",
        text=BUILD + "docker run --entrypoint cat b /src/app > app\n" + AFTER,
        entrypoint=("/run.sh",),
        taken=("/src/app=app",),
    ),
    Glued(id="own-command", text=BUILD + "docker run b > app\n", command=("cat", "/a"), taken=("/a=app",)),
    Glued(
        id="create-and-copy",
        text=BUILD + "docker create --name x b\ndocker cp x:/src/app ./app\ndocker rm x\n" + AFTER,
        taken=("/src/app=app",),
    ),
    Glued(
        id="container-in-a-variable",
        text=BUILD + 'id=$(docker create b)\ndocker cp "$id":/src/app bin/server\n' + AFTER,
        taken=("/src/app=bin/server",),
    ),
    Glued(
        id="image-in-a-variable",
        text="image=$(docker build -q -f Dockerfile.build .)\n"
        "id=$(docker create ${image})\ndocker cp ${id}:/src/out/. dist\n" + AFTER,
        taken=("/src/out=dist",),
    ),
    Glued(
        id="into-a-directory-that-it-makes",
        text=BUILD + "mkdir -p out\ndocker create --name x b\ndocker cp x:/src/app out\n" + AFTER,
        taken=("/src/app=out/app",),
    ),
    Glued(
        id="moved-and-renamed",
        text=BUILD + "docker run b cat /src/app > app.bin\nmv app.bin out/app\n" + AFTER,
        taken=("/src/app=out/app",),
    ),
    Glued(
        id="stripped-in-between",
        text=BUILD + "docker run b cat /src/app > app\nstrip app\n" + AFTER,
        taken=("/src/app=app",),
        modified=True,
    ),
    Glued(
        id="behind-a-wrapper-with-options",
        text=BUILD + "if ! timeout -k 5 60 docker run b cat /src/app > app; then exit 1; fi\n" + AFTER,
        taken=("/src/app=app",),
    ),
    Glued(
        id="archive-through-a-pipe",
        text=BUILD + "docker run --rm b tar cf - -C /src/dist . | tar xf - -C web\n" + AFTER,
        taken=("/src/dist=web",),
    ),
    Glued(
        id="copied-to-a-mount",
        text=BUILD + "docker run --rm -v $(pwd)/out:/out b cp /src/app /out/\n" + AFTER,
        taken=("/src/app=out/app",),
    ),
    Glued(
        id="makefile-with-variables",
        name="Makefile",
        text="B = b\nimage: app\n\tdocker build -t x .\napp:\n\tdocker build -t $(B) -f Dockerfile.build .\n"
        "\tdocker run $(B) cat /src/app > $@\n",
        taken=("/src/app=app",),
    ),
    Glued(
        id="makefile-with-a-target-for-each-step",
        name="Makefile",
        text="build:\n\tdocker build -t b -f Dockerfile.build .\ncopy:\n\tdocker create --name x b\n"
        "\tdocker cp x:/src/app $(shell pwd)/app\n\tdocker rm x\nrelease:\n\tdocker build -t app .\n",
        taken=("/src/app=app",),
    ),
    Glued(
        id="travis",
        name=".travis.yml",
        text="script:\n  - docker build -t b -f Dockerfile.build .\n"
        "  - docker run b cat /src/app > app\n  - docker build -t app .\n",
        taken=("/src/app=app",),
    ),
    Glued(
        id="jenkinsfile",
        name="Jenkinsfile",
        text="node {\n  // sh 'docker run b cat /src/other > app'\n"
        "  stage('build') { sh 'docker build -t b -f Dockerfile.build .' }\n"
        '  def id = sh(returnStdout: true, script: "docker create b").trim()\n'
        '  dir("out") {\n    sh """\n      docker cp ${id}:/src/app .\n    """\n  }\n'
        "  sh 'docker build -t app .'\n}\n",
        taken=("/src/app=out/app",),
    ),
    Glued(
        id="jenkinsfile-with-shell-variables",
        name="ci/release.jenkinsfile",
        text="pipeline { agent any\n stages { stage('x') { steps {\n"
        "sh '''\nset -e\ndocker build -t b -f Dockerfile.build .\nid=$(docker create b)\n"
        'docker cp "$id":/src/app app\n\'\'\'\nsh "docker build -t app . && echo \\$BUILD"\n} } } }\n',
        taken=("/src/app=app",),
    ),
    Glued(
        id="script-of-a-subdirectory",
        name="scripts/build.sh",
        text='cd "$(dirname "$0")/.."\n' + BUILD + "docker run b cat /src/app > app\n" + AFTER,
        taken=("/src/app=app",),
    ),
    Glued(
        id="directories-and-engine-in-variables",
        name="scripts/build.sh",
        text='here=$(dirname "$0")\nif [ -w /var/run/docker.sock ]; then engine=docker; '
        'else engine="sudo docker"; fi\ntop=$(cd $here/..; pwd)\nname=${GROUP}/words\n'
        "$engine build -t ${name}-dev -f $top/Dockerfile.build $top\n"
        "$engine create --name words ${name}-dev\n$engine cp words:/src/app $top/app\n"
        "$engine build -t ${name} $top\n",
        taken=("/src/app=app",),
    ),
    Glued(
        id="directory-of-bash",
        name="tools/ci/build",
        text='#!/bin/bash\nTOP="$( cd "$( dirname "${BASH_SOURCE[0]}" )/../.." && pwd )"\n'
        "out=app\n"
        'docker build -t b -f "$TOP/Dockerfile.build" "${TOP}"\n'
        'docker run --rm b cat /src/$out > "$TOP"/$out\ndocker build "$TOP"\n',
        taken=("/src/app=app",),
    ),
    Glued(
        id="functions-and-loops",
        text='take() {\n  docker run --rm b cat /src/$1 > "$2/$1"\n}\n' + BUILD + "mkdir -p bin\n"
        "for p in app tool; do\n  take $p bin || exit 1\ndone\n" + AFTER,
        taken=("/src/app=bin/app", "/src/tool=bin/tool"),
    ),
    Glued(
        id="functions-of-a-sourced-file",
        name="ci/build.sh",
        text='cd "$(git rev-parse --show-toplevel)"\n. ci/lib.sh\n' + BUILD + "take app\n" + AFTER,
        files={"ci/lib.sh": "SUDO=sudo\ntake() { $SUDO docker run b cat /src/$1 > $1; }\n"},
        taken=("/src/app=app",),
    ),
    Glued(
        id="script-that-another-calls",
        text=BUILD + "./ci/take.sh x\n" + AFTER,
        files={"ci/take.sh": "#!/bin/sh\ndocker create --name $1 b\ndocker cp $1:/src/app .\n"},
        taken=("/src/app=app",),
    ),
    Glued(
        id="makefile-with-patterns-and-includes",
        name="Makefile",
        text="include ci/docker.mk\nimage: bin/app\n\tdocker build -t x .\nbin/%: builder\n\tmkdir -p $(@D)\n"
        "\tdocker run b cat /src/$* > $@.tmp\n\tmv $@.tmp $@\n",
        files={"ci/docker.mk": "builder:\n\tdocker build -t b -f Dockerfile.build $(CURDIR)\n"},
        taken=("/src/app=bin/app",),
    ),
    Glued(
        id="variable-with-two-values",
        text="out=app\n[ -n $DEBUG ] && out=debug\n" + BUILD + "docker run b cat /src/$out > app\n",
        untraced=True,
    ),
    Glued(
        id="variable-that-is-asked-for",
        text="out=app\nread -r out\n" + BUILD + "docker run b cat /src/$out > app\n",
        untraced=True,
    ),
    Glued(
        id="variable-of-a-text",
        text="image=acme/words:build\noptions='-t acme/words:build -f Dockerfile.build'\n"
        "docker build $options .\ndocker create --name x $image\ndocker cp x:/src/app app\n" + AFTER,
        taken=("/src/app=app",),
    ),
)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in SCRIPTS])
def test_a_script_takes_out(row: Glued, tmp_path: Path) -> None:
    _files(tmp_path, {row.name: row.text, "Dockerfile": RUNTIME, "Dockerfile.build": BUILDER, **row.files})
    found = build_script(tmp_path, "Dockerfile.build", "Dockerfile", row.entrypoint, row.command)
    assert found is not None
    assert tuple(f"{e.path}={e.target}" for e in found.extracts) == row.taken
    assert bool(found.untraced) == row.untraced
    assert bool(found.modified) == row.modified


@dataclass(frozen=True, kw_only=True)
class Row:
    """Both files and a script; `lines` are in the new file, `never` in none of its lines, `reason` in one of
    the decisions."""

    id: str
    runtime: str = RUNTIME
    builder: str = BUILDER
    script: str = BUILD + "docker run b cat /src/app > app\n" + AFTER
    files: Mapping[str, str] = field(default_factory=dict)
    given: tuple[tuple[str, str], ...] = ()
    kind: str = "rewritten"
    lines: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    reason: str = ""


ROWS = (
    Row(id="stages-already", runtime=RUNTIME + "FROM scratch\n", kind="unchanged", reason="several stages"),
    Row(id="no-script", script="", kind="refused", reason="app is not in the build context"),
    Row(
        id="takes-nothing",
        runtime="FROM debian\nCOPY main.go /\n",
        kind="refused",
        reason="Dockerfile copies nothing",
    ),
    Row(
        id="starts-from-it",
        runtime="FROM b\nCOPY app /\n",
        kind="refused",
        reason="the builder's image itself",
    ),
    Row(
        id="archive-that-add-unpacks",
        runtime="FROM scratch\nADD app.tar /\n",
        script=BUILD + "docker run b cat /src/app.tar > app.tar\n" + AFTER,
        kind="refused",
        reason="ADD unpacks app.tar",
    ),
    Row(
        id="other-value-of-an-argument",
        builder="ARG V=1\n" + BUILDER,
        runtime="ARG V=2\n" + RUNTIME,
        kind="refused",
        reason="ARG V before FROM",
    ),
    Row(id="one-of-its-stages", script=BUILD.replace(" .", " --target x .") + AFTER, kind="refused"),
    Row(
        id="two-contexts",
        runtime="FROM scratch\nCOPY app main.go /\n",
        script=BUILD + "docker run b cat /src/app > rt/app\ndocker build -f Dockerfile rt\n",
        files={"rt/main.go": MAIN},
        kind="refused",
        reason="different build contexts",
    ),
    Row(
        id="builder-of-several-stages",
        builder="FROM node:22 AS page\nWORKDIR /page\nEXPOSE 80\n\n# the server\nFROM golang:1.24 AS server\n"
        "WORKDIR /src\nCOPY main.go .\nCOPY --from=page /page ./page\n"
        "RUN CGO_ENABLED=0 go build -o app main.go\n"
        'EXPOSE 80\nCMD ["./app"]\n',
        lines=(
            "FROM node:22 AS page",
            "EXPOSE 80",
            "# the server",
            "FROM golang:1.24 AS server",
            "COPY --from=page /page ./page",
            "COPY --from=server /src/app /app",
        ),
        never=('CMD ["./app"]',),
    ),
    Row(
        id="builder-whose-last-stage-is-asked-for-by-name",
        builder="FROM golang:1.24 AS base\nFROM base AS server\n" + BUILDER.partition("\n")[2],
        script=BUILD.replace(" .", " --target server .") + "docker run b cat /src/app > app\n" + AFTER,
        lines=("COPY --from=server --chown=0:0 /src/app /app",),
    ),
    Row(
        id="name-that-means-two-things",
        builder="FROM golang:1.24 AS alpine\nFROM alpine\n" + BUILDER.partition("\n")[2],
        runtime=RUNTIME.replace("scratch", "alpine"),
        kind="refused",
        reason="alpine is a stage of",
    ),
    Row(
        id="as-the-user-says",
        script="",
        given=(("/src/app", "app"),),
        lines=("COPY --from=builder /src/app /app",),
    ),
    Row(
        id="other-name",
        runtime="FROM alpine\nWORKDIR /srv\nCOPY app.bin .\nCOPY app.bin /usr/bin/app\n",
        script=BUILD + "docker run b cat /src/app > app.bin\n" + AFTER,
        lines=("COPY --from=builder /src/app app.bin", "COPY --from=builder /src/app /usr/bin/app"),
    ),
    Row(
        id="beside-files-of-the-context",
        runtime="FROM scratch\nCOPY --chmod=755 main.go app /srv\n",
        lines=("COPY --chmod=755 main.go /srv/", "COPY --from=builder --chmod=755 /src/app /srv/"),
    ),
    Row(
        id="whole-context",
        runtime="FROM scratch\nWORKDIR /srv\nCOPY . .\n",
        lines=("COPY . .", "COPY --from=builder /src/app app"),
    ),
    Row(
        id="directory-that-only-the-script-makes",
        runtime="FROM scratch\nCOPY out /srv\n",
        script=BUILD + "mkdir out\ndocker run b cat /src/app > out/app\n" + AFTER,
        lines=("COPY --from=builder /src/app /srv/app",),
        never=("COPY out",),
    ),
    Row(
        id="ignored-in-the-context",
        runtime="FROM scratch\nWORKDIR /srv\nCOPY . .\n",
        files={".dockerignore": "app\n"},
        kind="refused",
    ),
    Row(
        id="from-the-image-by-its-name",
        runtime="FROM scratch\nCOPY --from=b:latest /src/app /app\n",
        script=BUILD + AFTER,
        lines=("COPY --from=builder /src/app /app",),
    ),
    Row(
        id="files-of-another-user",
        builder=BUILDER.replace("RUN", "USER 1000\nRUN"),
        lines=("COPY --from=builder --chown=0:0 /src/app /app",),
    ),
    Row(
        id="arguments-of-both",
        builder="ARG GO=1.24\n" + BUILDER.replace("1.24", "$GO"),
        runtime="# runs\nARG ALPINE=3.21\n" + RUNTIME.replace("scratch", "alpine:$ALPINE AS builder"),
        lines=(
            "ARG GO=1.24",
            "ARG ALPINE=3.21",
            "FROM golang:$GO AS build",
            "FROM alpine:$ALPINE AS builder",
        ),
    ),
    Row(
        id="shell-of-the-container",
        builder=BUILDER.replace("RUN CGO_ENABLED=0 go build", "CMD CGO_ENABLED=0 go build"),
        script=BUILD + "docker run --name x b\ndocker cp x:/src/app .\n" + AFTER,
        lines=("RUN CGO_ENABLED=0 go build -o app main.go",),
    ),
    Row(
        id="container-only-kept-alive",
        script=BUILD + "docker run -d --name x b sleep 60\ndocker cp x:/src/app .\n" + AFTER,
        never=("RUN sleep 60",),
    ),
    Row(
        id="container-kept-alive-by-a-shell",
        script=BUILD + "docker run -dit --name x b /bin/dash\ndocker cp x:/src/app .\n" + AFTER,
        never=("RUN /bin/dash",),
    ),
    Row(
        id="what-the-build-needs-now",
        script=BUILD.replace("-t b", "-t b --build-arg KEY=1") + "docker run b cat /src/app > app\n" + AFTER,
        reason="this build requires --build-arg KEY=1",
    ),
)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_two_files_become(row: Row, tmp_path: Path) -> None:
    result = _outcome(row, tmp_path)
    said = [d.text for d in result.decisions]
    assert result.kind == row.kind, said
    assert not row.reason or any(row.reason in text for text in said), said
    lines = (result.after or "").splitlines()
    for line in row.lines:
        assert line in lines
    for line in row.never:
        assert not any(line in text for text in lines)


def _outcome(row: Row, where: Path) -> Outcome:
    files = {"main.go": MAIN, "Dockerfile": row.runtime, "Dockerfile.build": row.builder, **row.files}
    _files(where, {**files, "build.sh": row.script} if row.script else files)
    pair = [
        Source(Target(name=name, path=where / name), (where / name).read_bytes())
        for name in ("Dockerfile.build", "Dockerfile")
    ]
    read = merge_pipeline.read(pair[0], pair[1], context=None, options=Options(), given=row.given)
    return read if isinstance(read, Outcome) else merge_pipeline.outcome(read, Options())


def _files(where: Path, files: Mapping[str, str]) -> None:
    (where / ".git").mkdir()
    for name, text in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
