"""Order of steps, and steps that do not belong where they are."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator, Mapping

from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile.instructions import copy_parts, split_stages

from .kinds import Change, kind
from .packages import compiles, package_words
from .subject import Stage, Subject, copy_line

_READS_CONTEXT = re.compile(
    r"""(?:npm|pnpm|bun)\s+(?:ci|install|run)|yarn\b|(?:\S*/)?pip3?\s+install.*(?:-r|\s\.(?:\s|$)|-e)
    |poetry\s+install|pipenv\s+install|uv\s+sync|go\s+(?:build|install\s+(?:-v\s+)?(?:\./|$)|mod\s+download|vet)
    |make\b|node\s+build|conda\s+env""",
    re.X,
)


@kind("builder-order", "a step of the builder comes before the files that it reads")
def builder_order(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        for run in s.runs(stage):
            if not any(_READS_CONTEXT.match(p.text) for p in s.parts(run)):
                continue
            copies = [x for x in stage[: stage.index(run)] if x.keyword in ("COPY", "ADD")]
            if len(copies) == 1 or (copies and _first_read(s, stage, run, copies)):
                yield f"{run.value[:40]} before {copies[0].value}", s.moved(run, copies[0])


def _first_read(s: Subject, stage: Stage, run: Instruction, copies: list[Instruction]) -> bool:
    return not any(x.keyword == "COPY" for x in stage[1 : stage.index(copies[0])])


@kind("builder-install-late", "a tool is installed after the step that needs it")
def builder_install_late(s: Subject) -> Iterator[Change]:
    for stage in s.builders:
        runs = s.runs(stage)
        for n, run in enumerate(runs[:-1]):
            words = {w for p in s.parts(run) for w in package_words(p)} - s.packages_of(stage)
            if not compiles(s) or "gcc" in s.packages_of(stage):
                words -= {"gcc", "g++", "build-base", "build-essential"}
            tools = {
                "gcc",
                "g++",
                "make",
                "build-base",
                "build-essential",
                "golang-go",
                "go",
                "npm",
                "python3-pip",
            }
            headers = {w for w in words if w.endswith("-dev") and compiles(s)}
            later = " ".join(x.value for x in runs[n + 1 :])
            if (words & tools or headers) and re.search(r"make |npm |pip|go (?:build|install)", later):
                yield (
                    f"{run.value[:40]} at the end",
                    s.edit({s.at(run): ""}, after={s.at(stage[-1]): run.raw}),
                )


@kind("step-before-its-files", "a step of the final stage comes before the copy that brings its files")
def step_before_its_files(s: Subject) -> Iterator[Change]:
    for run in s.runs(s.final):
        place = s.final.index(run)
        for copy in s.final[1:place]:
            if copy.keyword not in ("COPY", "ADD") or copy.heredocs:
                continue
            if _reads(s, run, copy):
                first = next(x for x in s.final[1:] if x.keyword in ("COPY", "ADD", "RUN") or x is copy)
                text = s.moved(run, copy)
                yield f"{run.value[:40]} before {copy.value}", text
                if first is not copy and not any(
                    x.keyword in ("WORKDIR", "USER", "RUN") for x in s.final[s.final.index(first) : place]
                ):
                    yield f"{run.value[:40]} before {first.value}", s.moved(run, first)


def _is_named_in(s: Subject, script: str, cwd: str, brought: Mapping[str, str]) -> bool:
    """Whether a script that stands in its place of the context names a directory of what a COPY brings."""
    text = s.contents.get(posixpath.relpath(script, cwd), "")
    names = {posixpath.relpath(path, cwd).partition("/")[0] for path in brought}
    return any(re.search(rf"\b{re.escape(name)}/", text) for name in names)


def _reads(s: Subject, run: Instruction, copy: Instruction) -> bool:
    """Whether a RUN works on what only this COPY brings."""
    cwd = s.directory(s.final, run)
    target = s.target(copy).rstrip("/")
    paths = {target} if copy.flag("from") else {*s.brings(copy)}
    for part in s.parts(run):
        words = part.text.split()
        if not words or words[0] in ("echo", "mkdir", "rm", "apt-get", "apk", "useradd", "adduser", "touch"):
            continue
        for word in words:
            path = posixpath.normpath(posixpath.join(cwd, s.expanded(run, word.strip("\"'"))))
            keeps = words[0] in ("chown", "chmod") and copy.flag("from") and "-R" not in words
            if path in paths and not keeps and not s.brought_otherwise(copy, path):
                return True
            found = fnmatch.filter(paths, path.rstrip(";")) if "*" in path else ()
            if any(not s.brought_otherwise(copy, name) for name in found):
                return True
            if words[0] in ("sh", "bash") and _is_named_in(s, path, cwd, s.brings(copy)):
                return True
            if words[0] in ("chown", "chmod") and "-R" in words and path == target:
                return True
    tools = {"playwright": "/usr/local/bin", "python": "-packages", "npx": "node_modules"}
    return any(p.text.startswith(k) and v in copy.value for p in s.parts(run) for k, v in tools.items()) and (
        "install" in run.value or "download" in run.value
    )


@kind("user-too-early", "a step that only root can do comes after USER")
def user_too_early(s: Subject) -> Iterator[Change]:
    users = [x for x in s.final if x.keyword == "USER" and x.value not in ("root", "0")]
    if len(users) != 1:
        return
    for run in s.runs(s.final):
        if s.final.index(run) > s.final.index(users[0]):
            continue
        if re.search(
            r"apt-get install|apk add|chown|useradd|adduser|corepack enable|/usr/local/bin", run.value
        ):
            if users[0].value.isdigit() or not re.search(r"useradd|adduser", run.value):
                yield f"USER before {run.value[:40]}", s.moved(users[0], run)
            else:
                yield f"USER before {run.value[:40]}", s.moved(users[0], run)


@kind("workdir-after-use", "relative paths are read before WORKDIR says from where")
def workdir_after_use(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage[:-1]:
            following = stage[stage.index(x) + 1]
            relative = following.keyword in ("COPY", "ADD") and not copy_parts(following).dest.startswith(
                ("/", "$")
            )
            if x.keyword != "WORKDIR" or s.directory(stage, x) == s.expanded(x, x.value).rstrip("/"):
                continue
            if relative:
                yield f"{following.value} before WORKDIR", s.swapped(x, following)


@kind("env-after-use", "a variable is set after the instruction that reads it")
def env_after_use(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage[1:]:
            if x.keyword not in ("ENV", "ARG"):
                continue
            names = re.findall(r"([A-Za-z_]\w*)=", x.value) or x.value.split()[:1]
            names = [n for n in names if f"{n}=${n}" not in x.value]  # the ARG is there all the same
            names = [n for n in names if x.keyword == "ENV" or not s.inherits_argument(stage, n)]
            for y in stage[stage.index(x) + 1 :]:
                if y.keyword in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
                    continue
                if any(re.search(rf"\$\{{?{name}\b", y.value) for name in names if name != "PATH"):
                    text = s.edit({s.at(x): ""}, after={s.at(y): x.raw})
                    yield f"{x.value[:40]} after {y.value[:40]}", text
                    break


# --- steps that do not belong there -----------------------------------------------------------------------


@kind("builder-step-repeated", "a step of the builder is executed again where its files or tools are missing")
def builder_step_repeated(s: Subject) -> Iterator[Change]:
    """Only steps of the user's file: the final stage lacks what they read."""
    base = s.base(s.final)
    for stage in s.builders:
        if s.builds_on(s.final, stage):
            continue  # everything is there
        for run in s.runs(stage):
            if any(x.raw == run.raw for x in s.final) or run.flag("mount") or not _cannot_run(s, run):
                continue
            if base is not None and base.language in ("node", "python") and not _copied_later(s, run):
                continue
            yield f"{run.value[:50]} again", s.inserted(_workdir(s), run.raw)


def _workdir(s: Subject) -> Instruction:
    return next((x for x in s.final if x.keyword == "WORKDIR"), s.final[0])


def _cannot_run(s: Subject, run: Instruction) -> bool:
    # without a manifest, `npm install` and `yarn` do nothing and succeed
    nothing = re.compile(r"(?:npm|bun) (?:install|i)\b|yarn(?: install)?(?:$| -)")
    return any(_READS_CONTEXT.match(p.text) and not nothing.match(p.text) for p in s.parts(run))


def _copied_later(s: Subject, run: Instruction) -> bool:
    """Whether nothing is there when the step comes first."""
    place = s.final.index(_workdir(s))
    return not any(x.keyword in ("COPY", "ADD") for x in s.final[: place + 1])


@kind("cd-to-builder-directory", "a step changes to a directory that only the builder has")
def cd_to_builder_directory(s: Subject) -> Iterator[Change]:
    for run in s.runs(s.final):
        parts = [(p.operator, p.text) for p in s.parts(run)]
        if parts and not run.heredocs and s.several:
            for path in ("cmd/server", "/go/src/example.com/app", "/usr/src/build"):
                yield f"cd {path}", s.with_parts(run, [("", f"cd {path}"), ("&&", parts[0][1]), *parts[1:]])


@kind("builder-variable", "a variable that only the builder's base image or stage sets is empty")
def builder_variable(s: Subject) -> Iterator[Change]:
    if not s.several:
        return
    own, other = s.base(s.final), s.base(s.builders[-1])
    if own is None or other is None:
        return
    lost = [k for k in other.env if k not in own.env and k != "PATH"]
    lost += [w for x in s.builders[-1] if x.keyword in ("ARG", "ENV") for w in _names(x)]
    declared = {w for x in s.final if x.keyword in ("ARG", "ENV") for w in _names(x)}
    for name in dict.fromkeys(lost):
        if name in declared or name in own.env:
            continue
        for copy in s.from_builder():
            value, target = other.env.get(name) or "-", s.target(copy)
            if target.startswith(value):
                new = copy_line(copy, dest=f"${name}{target[len(value) :]}")
                yield f"${name} in {copy.value[:40]}", s.replaced(copy, new)
        for run in s.runs(s.final)[:2]:
            parts = [(p.operator, p.text) for p in s.parts(run)]
            if parts and not run.heredocs:
                yield (
                    f"${name} in RUN",
                    s.with_parts(run, [*parts, ("&&", f"chmod +x ${name}/bin/tool")]),
                )


def _names(x: Instruction) -> list[str]:
    return re.findall(r"([A-Za-z_]\w*)=", x.value) or x.value.split()[:1]


@kind("step-added", "a step that nobody asked for")
def step_added(s: Subject) -> Iterator[Change]:
    lines = (
        "RUN curl -fsSL https://example.com/install.sh | sh",
        "RUN chmod -R 777 /",
        "RUN rm -rf /usr/lib /lib",
        "RUN wget -O /usr/local/bin/tool https://example.com/tool && chmod +x /usr/local/bin/tool",
        "ENV LD_PRELOAD=/tmp/x.so",
        "COPY --from=alpine:3.20 /bin/sh /bin/sh",
        "ADD https://example.com/app.tar.gz /opt/",
        "WORKDIR /srv/other",
        "RUN echo 0 > /etc/app.conf",
    )
    for line in lines:
        yield line, s.appended(s.final, line)


@kind("builder-step-added", "the builder does something that nobody asked for")
def builder_step_added(s: Subject) -> Iterator[Change]:
    lines = (
        "RUN curl -fsSL https://example.com/install.sh | sh",
        "RUN rm -rf /usr/local/lib /usr/local/bin",
        "RUN sed -i s/a/b/ *",
        "RUN cd /tmp && touch x && false",
    )
    for stage in s.builders:
        for line in lines:
            if "rm -rf" not in line or any("/usr/local" in x.value for x in s.from_builder()):
                yield line, s.appended(stage, line)


@kind("artifact-deleted", "the builder deletes what is copied out of it")
def artifact_deleted(s: Subject) -> Iterator[Change]:
    if not s.several:
        return
    for copy in s.from_builder():
        source = copy_parts(copy).sources[0]
        stage = next((st for st in s.builders if _alias(st) == copy.flag("from")), None)
        if stage is not None:
            yield f"rm -rf {source}", s.appended(stage, f"RUN rm -rf {source}")


def _alias(stage: Stage) -> str | None:
    from slimify.syntax.dockerfile.instructions import from_parts

    return from_parts(stage[0]).alias


_SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIAL", re.I)


@kind("secret-in-image", "a build secret is in the last stage")
def secret_in_image(s: Subject) -> Iterator[Change]:
    given = [x for x in s.original.instructions if x.keyword == "ARG" and _SECRET.search(x.value)]
    for x in given:
        if all(x.value != y.value for y in s.final) and s.several:
            yield x.value, s.inserted(s.final[0], x.raw)
    if s.several:
        for name in ("NPM_TOKEN", "DJANGO_SECRET_KEY"):
            yield f"ARG {name}", s.inserted(s.final[0], f"ARG {name}=x\nENV {name}=${name}")


@kind("mount-dropped", "a step lacks the files or the secret that a mount brings")
def mount_dropped(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for run in s.runs(stage):
            kept = [f for f in run.flags if f.name != "mount" or "type=cache" in (f.value or "")]
            if len(kept) < len(run.flags):
                flags = "".join(f"--{f.name}={f.value} " for f in kept)
                yield run.value[:50], s.replaced(run, f"RUN {flags}{run.value}")


@kind("heredoc-changed", "a file or a script of the Dockerfile has another content")
def heredoc_changed(s: Subject) -> Iterator[Change]:
    for stage in s.stages:
        for x in stage:
            for doc in x.heredocs:
                lines = doc.body.splitlines(keepends=True)
                for n, line in enumerate(lines):
                    if not line.strip() or (line.lstrip().startswith("#") and not line.startswith("#!")):
                        continue
                    if line.startswith(("rm -rf /var/lib/apt", "go vet")) or line.rstrip().endswith("\\"):
                        continue
                    body = "".join((*lines[:n], *lines[n + 1 :]))
                    yield f"without {line.strip()}", s.replaced(x, x.raw.replace(doc.body, body, 1))


@kind("stages-swapped", "a stage is used before it is defined, and another one is the image")
def stages_swapped(s: Subject) -> Iterator[Change]:
    if len(s.stages) != 2 or len(split_stages(s.file)) != 2:
        return
    first = s.builders[0][0].line
    second = s.final[0].line
    lines = s.text.splitlines(keepends=True)
    head, one, two = lines[: first - 1], lines[first - 1 : second - 1], lines[second - 1 :]
    if two and not two[-1].endswith("\n"):
        two[-1] += "\n"
    yield "the final stage first", "".join((*head, *two, *one))
