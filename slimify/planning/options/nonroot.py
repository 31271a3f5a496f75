"""`--nonroot`: the final stage runs as a non-root user if nothing is known to need root.

Only the last instructions change. All steps still run as root, so files keep their owners and the program
can read but not change them. If that can't be shown to work, the user stays root and a decision says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from slimify.analysis.application_writes import application_writes, is_own_directory
from slimify.analysis.program import Program, Step
from slimify.facts import load
from slimify.facts.images import ImageFacts
from slimify.facts.system import is_plain_root, is_systems, is_world_writable
from slimify.model.decisions import Decision, Reason
from slimify.model.effects import RUNS_CODE, Effect, SystemManager
from slimify.model.plan import Item, Plan, Stage
from slimify.model.regex import regex
from slimify.planning.stages.items import after_steps, keyword, keyword_case, new_item, with_item
from slimify.semantics.paths import inside
from slimify.syntax.dockerfile.instructions import env_pairs

_HOME = regex(r"(?<![\w/])/root(?![\w-])")
_PORT = regex(r"(?:^|[:=])(\d+)$")
_USUAL_PORTS = frozenset({21, 22, 25, 53, 80, 81, 88, 110, 143, 389, 443, 465, 587, 636, 993, 995})


class _Account(Struct, frozen=True):
    """The argument of USER, the RUN that creates the account ("" if the base has it), and the owner for
    chown."""

    user: str
    makes: str
    owner: str


def with_user(program: Program, plan: Plan) -> Plan:
    """The plan with a USER, or with a decision that says why it has none."""
    final = plan.stages[-1]
    account = _account(program.facts_of(final.base))
    if isinstance(account, Reason):
        return plan.told(Decision.of("SL331", "root", why=account))
    places, why = _assessed(program, plan)
    if why is None and places and not account.owner:
        why = Reason.of("SL331", "given_no_shell", path=places[0], base=final.base)
    if why is not None:
        return plan.told(Decision.of("SL331", "root", why=why))
    stage = _with_account(program, final, account, places)
    if places:
        done = Decision.of("SL330", "user_places", user=account.user, places=places)
    else:
        done = Decision.of("SL330", "user", user=account.user)
    return replace(plan.with_final(stage, done), user=account.user)


# --- the account ----------------------------------------------------------------------------------


def _account(base: ImageFacts | None) -> _Account | Reason:
    """The account for a base image, or why there is none."""
    known = load("nonroot.toml")["account"]
    if base is None:
        return Reason.of("SL331", "accounts")
    if not is_plain_root(base.user):
        return Reason.of("SL331", "already", base=base.reference, user=base.user)
    if base.is_distroless:
        return _Account(known["distroless"], "", "")
    for name, numbers in base.users.items():
        return _Account(numbers, "", f"{name}:{name}")
    if base.manager in (SystemManager.APT, SystemManager.APK) and base.shell:
        return _Account(known["own"], known[base.manager], "app:app")
    return Reason.of("SL331", "account_unknown", base=base.reference)


def _with_account(program: Program, stage: Stage, account: _Account, places: tuple[str, ...]) -> Stage:
    """The final stage with the account near its top, and the USER after its last step."""
    case, end = keyword_case(program), program.dockerfile.newline
    if account.makes:
        makes = new_item(f"{case('RUN')} {account.makes}", end)
        stage = _with_spaced_item(stage, _run_position(stage), makes, end)
    at = after_steps(stage)
    spaced = at < len(stage.items) and stage.items[at].spaced
    if spaced:
        follows = replace(stage.items[at], spaced=False)
        stage = replace(stage, items=(*stage.items[:at], follows, *stage.items[at + 1 :]))
    stage = with_item(stage, at, new_item(f"{case('USER')} {account.user}", end, spaced=spaced), end)
    if places:  # after all copies, which set owners of their own
        names = " ".join(places)
        text = f"{case('RUN')} mkdir -p {names} \\\n    && chown {account.owner} {names}"
        stage = with_item(stage, at, new_item(text, end), end)
    return stage


def _run_position(stage: Stage) -> int:
    """The index for a RUN: before all copies and, if possible, not next to another RUN."""
    words = [keyword(item) for item in stage.items]
    first = next((i for i, word in enumerate(words) if word in ("COPY", "ADD")), len(words))
    for at in range(1, first + 1):
        if words[at - 1] != "RUN" and words[at : at + 1] != ["RUN"]:
            return at
    return 1


def _with_spaced_item(stage: Stage, at: int, item: Item, end: str) -> Stage:
    """The stage with an item inserted between blank lines."""
    follows = tuple(replace(x, spaced=True) for x in stage.items[at : at + 1])
    apart = replace(stage, items=(*stage.items[:at], *follows, *stage.items[at + 1 :]))
    return with_item(apart, at, replace(item, spaced=True), end)


# --- what may need root -------------------------------------------------------------------------------


def _assessed(program: Program, plan: Plan) -> tuple[tuple[str, ...], Reason | None]:
    """The directories that the user must own, and why root is or may be needed (None if it is not)."""
    for find in (
        _existing_user,
        _privileged_port,
        _start_needs_root,
        _steps_need_root,
        _uses_root_home,
        _restricted_mode,
    ):
        why = find(program, plan)
        if why:
            return (), why
    found = application_writes(program)
    if found.why:
        return (), found.why
    places = dict.fromkeys(found.places)
    for step in program.steps:
        for effect in step.effects:
            for path in effect.writes if effect.tool == "mkdir" else ():
                if inside(path, "/tmp") or _is_filled(program, path):
                    continue
                if not is_own_directory(program, path):
                    return (), Reason.of("SL331", "makes", at=step.line, path=path)
                places[path] = None
    return tuple(places), None


def _is_filled(program: Program, path: str) -> bool:
    """Whether steps or copies create something there."""
    made = (m.path for m in program.artifacts)
    cwds = {s.state.cwd or "" for s in program.steps if s.keyword == "RUN"} | {program.end_state.cwd or ""}
    return bool(program.end_state.view.under(path)) or any(inside(m, path) for m in (*made, *cwds))


def _existing_user(program: Program, plan: Plan) -> Reason | None:
    runtime = program.runtime
    for step in program.steps:
        if step.keyword == "USER":
            return Reason.of("SL331", "sets_user", at=step.line)
        for name, value in env_pairs(step.instruction) if step.keyword == "ENV" else ():
            path = _foreign_path(program, value.strip("\"'")) if name != "PATH" else ""
            if path:
                return Reason.of("SL331", "names", at=step.line, path=path)
        if step.keyword == "SHELL":
            return Reason.of("SL331", "shell", at=step.line)
        for effect in step.effects:
            if effect.kind == "users":
                return Reason.of("SL331", "makes_users", at=step.line)
    if not is_plain_root(runtime.user):
        return Reason.of("SL331", "already", base=program.base_ref, user=runtime.user)
    if runtime.volumes:
        return Reason.of("SL331", "volume", path=runtime.volumes[0])
    return None


def _privileged_port(program: Program, plan: Plan) -> Reason | None:
    first = load("nonroot.toml")["ports"]["first"]
    for port in sorted(program.runtime.ports):
        number = port.partition("/")[0].partition("-")[0]
        if not number.isdigit() or int(number) < first:
            return Reason.of("SL331", "port", port=port, first=first)
    words = [w.value or "" for e in program.runtime_needs.start for w in e.command.words]
    words += [v for k, v in program.runtime.env.items() if "PORT" in k.upper()]
    for word in words:
        found = _PORT.search(word)
        if found is not None and int(found[1]) in _USUAL_PORTS:
            return Reason.of("SL331", "port", port=found[1], first=first)
    return None


def _start_needs_root(program: Program, plan: Plan) -> Reason | None:
    """A part of the start command that is not known to work without root."""
    known, runtime_needs = load("nonroot.toml"), program.runtime_needs
    if not runtime_needs.has_start or not runtime_needs.start:
        return Reason.of("SL331", "no_start")
    if runtime_needs.dynamic:
        use = runtime_needs.dynamic[0]
        return Reason.of("SL331", "dynamic", file=use.file, at=use.line)
    privileged = set(known["privileged"]["commands"].split())
    for name, use in runtime_needs.commands.items():
        if name.rpartition("/")[2] in privileged:
            return Reason.of("SL331", "called", command=name, user=use.name)
    plain = set(known["start"]["plain"].split())
    own = {m.path.rpartition("/")[2] for m in program.artifacts if m.kind == "compile"}
    writing = re.compile(known["start"]["writing"])
    for effect in runtime_needs.start:
        why = _effect_needs_root(program, effect, plain, own, writing)
        if why:
            return why
    return None


def _effect_needs_root(
    program: Program, effect: Effect, plain: set[str], own: set[str], writing: re.Pattern[str]
) -> Reason | None:
    name = effect.tool.rpartition("/")[2]
    if name in own:
        return _outside_argument(program, effect)
    lasting = [path for path in effect.writes if not inside(path, "/tmp")]
    if effect.kind in ("check", "state", "fetch", "files") and not effect.writes_anywhere:
        return Reason.of("SL331", "start_writes", command=name, path=lasting[0]) if lasting else None
    unknown = next((t for t in (effect.tool, *effect.tools) if t.rpartition("/")[2] not in plain | own), None)
    if effect.kind not in RUNS_CODE or unknown is not None:
        what = unknown or name
        return (
            Reason.of("SL331", "start_needs", command=what) if what else Reason.of("SL331", "start_unknown")
        )
    text = " ".join(w.value or w.text for w in effect.command.words)
    if writing.search(f"{text} {effect.action}"):
        return Reason.of("SL331", "start_files", command=text)
    return _outside_argument(program, effect)


def _outside_argument(program: Program, effect: Effect) -> Reason | None:
    """An argument that names a path outside the application, which may be written to."""
    for word in effect.command.words[1:]:
        path = _foreign_path(program, word.value or "")
        if path:
            return Reason.of("SL331", "given", path=path)
    return None


def _foreign_path(program: Program, text: str) -> str:
    """A path in an argument or variable that the image is not known to contain; "" for none."""
    view = program.end_state.view
    for path in re.findall(r"(?:^|=|:)(/(?!/)[^\s,:;]*)", text):
        path = path.rstrip("/") or "/"
        known = view.context_path(path) is not None or path in view.directories
        made = any(inside(path, m.path) for m in program.artifacts)
        if (
            not known
            and not made
            and not (is_systems(path) or is_world_writable(path) or inside(path, "/proc"))
        ):
            return path
    return "a database file" if "sqlite" in text else ""


def _steps_need_root(program: Program, plan: Plan) -> Reason | None:
    """Steps of the final stage that may leave files only root can use."""
    for step in _final_steps(program, plan):
        for effect in step.effects:
            if effect.kind in RUNS_CODE:
                return Reason.of("SL331", "root_files", at=step.line)
    return None


def _final_steps(program: Program, plan: Plan) -> Iterator[Step]:
    for item in plan.stages[-1].items[1:]:
        if item.origin is not None and keyword(item) != "FROM":
            yield program.step(item.origin)


def _uses_root_home(program: Program, plan: Plan) -> Reason | None:
    """Whether the program needs root's home directory, which other users can't read."""
    if inside(program.end_state.cwd or "/root", "/root"):
        if program.end_state.cwd is None:
            return Reason.of("SL331", "directory_unknown")
        return Reason.of("SL331", "directory", path=program.end_state.cwd)
    for step in _final_steps(program, plan):
        if step.keyword in ("ENV", "COPY", "ADD", "WORKDIR", "CMD", "ENTRYPOINT") and _HOME.search(
            step.instruction.value
        ):
            return Reason.of("SL331", "root_home", at=step.line)
        for effect in step.effects:
            for path in (*effect.writes, *effect.outputs):
                if inside(path, "/root"):
                    return Reason.of("SL331", "home_files", at=step.line, path=path)
    for item in plan.stages[-1].items[1:]:
        if item.origin is None and keyword(item) in ("COPY", "ENV", "WORKDIR") and _HOME.search(item.text):
            return Reason.of("SL331", "home_program")
    return None


def _restricted_mode(program: Program, plan: Plan) -> Reason | None:
    """Files that other users can't read."""
    for step in program.steps:
        mode = step.instruction.flag("chmod") or ""
        if step.keyword in ("COPY", "ADD") and mode and not _stays_readable(mode):
            return Reason.of("SL331", "closes", at=step.line)
        for effect in step.effects:
            words = [w.value or "" for w in effect.command.words[1:]]
            operands = [w for w in words if not w.startswith("-")]
            if effect.tool == "chown":
                return Reason.of("SL331", "gives", at=step.line)
            if effect.tool == "chmod" and not (operands and _stays_readable(operands[0])):
                return Reason.of("SL331", "closes", at=step.line)
            if effect.tool == "umask":
                return Reason.of("SL331", "umask", at=step.line)
            if effect.kind == "unpack":
                return Reason.of("SL331", "unpacks", at=step.line)
    context = program.context
    seen: set[str] = set()
    for path in context.files:
        if not program.end_state.view.image_paths(path):
            continue
        for part in (path, *_parents(path, seen)):
            if not context.readable_by_all(part):
                return Reason.of("SL331", "unreadable", path=part)
    return None


def _parents(path: str, seen: set[str]) -> Iterator[str]:
    while (path := path.rpartition("/")[0]) and path not in seen:
        seen.add(path)
        yield path


def _stays_readable(mode: str) -> bool:
    """Whether others can still read after this chmod mode: +x, a+r, 755, 0644, u+x."""
    if mode.isdigit():
        return int(mode[-1]) & 4 == 4
    return bool(re.fullmatch(r"[ugoa]*\+[rwxXst]+", mode))
