"""Both images started with the same settings, asked the same, and their answers compared.

What is compared: whether and how the container ends, what it answers on its ports, what commands
in it print, its exit code when it is stopped, and the shape of its log. Whatever could not be asked
is said in `scope`, so that nobody takes silence for proof.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem, RunOptions
from slimify.verify import listening, masks, pages, web
from slimify.verify.model import Check, Finding
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe, Request, Run
from slimify.verify.repeats import Repeats

STARTS, ANSWERS, COMMANDS, LOGS, STOPS = "SL540", "SL541", "SL542", "SL543", "SL544"

_QUIET = 2.0  # seconds without a new line after which a container without ports has said what it had to say
_SETTLED = 8.0  # a container that neither ends nor listens is looked at after so many seconds at least
_SLOWER = 3.0  # times as long as the one image took, the other one may take
_PATIENCE = 300.0  # seconds that it gets at most, whatever the first one took
_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_FURTHER = 2.0  # seconds that further ports are waited for once one listens
_ERROR = re.compile(r"(?:Uncaught )?[\w.]*(?:Error|Exception)(?: \[\w+\])?: ")
_REDIRECTS = 4  # answers in a row that are followed
_LOADED = 10.0  # seconds for what a page loads


def ports(exposed: tuple[int, ...], probe: Probe) -> tuple[int, ...]:
    """The ports to ask: the probe's, else those that the image exposes."""
    return (probe.port,) if probe.port else exposed


def variable(config: Mapping[str, Any], probe: Probe, name: str) -> str:
    """The value that a variable has in a container: the probe's, else the image's; "" without one."""
    brought: dict[str, str] = dict(item.partition("=")[::2] for item in config.get("Env") or ())
    return {**brought, **probe.env}.get(name, "")


def patience(other: Observation) -> float:
    """Seconds for which an image is watched at least, since the other one ended or listened after a while:
    how fast a program fails again and again until it gives up depends on what else the machine does."""
    return 0 if other.ready in ("running", "not started") else min(other.start * _SLOWER, _PATIENCE)


def patience_again(before: Observation, after: Observation) -> float:
    """Seconds for which the original is watched at least when it is started again: where it ran on and the
    other one ended, or they ended otherwise when they were stopped, it may be about to end by itself."""
    if before.ready != "running" or (after.ready == "running" and before.stopped == after.stopped):
        return 0
    return min(after.start * _SLOWER, _PATIENCE)


def observe(
    engine: Engine, image: str, asked: tuple[int, ...], probe: Probe, least: float = 0
) -> Observation:
    """Starts the image, waits, asks and stops it. An image that neither ends nor listens is watched for
    `least` seconds at least. Only a failure of the engine itself raises."""
    options = RunOptions(env=dict(probe.env), volumes=probe.volumes, ports=asked, arguments=probe.options)
    began = time.monotonic()
    try:
        container = engine.start(image, options)
    except EngineProblem as problem:
        if problem.kind != "run":
            raise
        return Observation(
            exit_code=None, ready="not started", start=0, problem=problem.message, log=problem.log
        )
    try:
        ready, opened = _wait(engine, container, asked, probe, least)
        start = time.monotonic() - began
        answers = _ask(engine, container, opened, asked, probe)
        outputs = {}
        listens: tuple[int, ...] = ()
        if engine.state(container).running:
            listens = () if opened or probe.port else listening.ports(engine, container)
            outputs = {run.name: _execute(engine, container, run, probe) for run in probe.exec}
        state = engine.state(container)
        stopped = None
        if state.running:
            engine.stop(container, _GRACE)
            stopped = engine.state(container).exit_code
        return Observation(
            exit_code=None if state.running else state.exit_code,
            ready=ready,
            start=start,
            answers=answers,
            outputs=outputs,
            stopped=stopped,
            log=engine.logs(container),
            listens=listens,
        )
    finally:
        engine.remove(container)


def _execute(engine: Engine, container: str, run: Run, probe: Probe) -> tuple[int | None, str]:
    try:
        return engine.execute(container, run.command, probe.seconds)
    except EngineProblem as problem:
        if problem.kind not in ("timeout", "run"):
            raise
        return None, problem.message


def run_apart(engine: Engine, image: str, run: Run, probe: Probe) -> tuple[int | None, str]:
    """`run IMAGE command` in a container of its own → exit code (None: it did not end) and output."""
    options = RunOptions(
        command=run.command, env=dict(probe.env), volumes=probe.volumes, arguments=probe.options
    )
    try:
        container = engine.start(image, options)
    except EngineProblem as problem:
        if problem.kind != "run":
            raise
        return 127, problem.message
    try:
        end = time.monotonic() + probe.seconds
        while (state := engine.state(container)).running and time.monotonic() < end:
            time.sleep(0.2)
        return state.exit_code if not state.running else None, engine.logs(container)
    finally:
        engine.remove(container)


def _wait(
    engine: Engine, container: str, asked: tuple[int, ...], probe: Probe, least: float
) -> tuple[str, tuple[int, ...]]:
    """Waits for an end, health, or ports that answer → what came, and the ports."""
    began = time.monotonic()
    quiet, last = began, ""
    first: float | None = None
    while True:
        state = engine.state(container)
        now = time.monotonic()
        if not state.running:
            return "ended", ()
        opened = tuple(port for port in asked if _listens(engine, container, port))
        first = first or (now if opened else None)
        if opened and (len(opened) == len(asked) or now - (first or now) > _FURTHER):
            return f"listening on {', '.join(map(str, opened))}", opened
        if state.health in ("healthy", "unhealthy") and not asked:
            return state.health, ()
        log = engine.logs(container)
        if log != last:
            quiet, last = now, log
        silent = now - quiet > _QUIET and now - began > max(_SETTLED, least)
        if now - began > max(probe.seconds, least) or (silent and not asked and state.health != "starting"):
            return "running", ()
        time.sleep(0.3)


def _listens(engine: Engine, container: str, port: int) -> bool:
    place = engine.address(container, port)
    return place is not None and web.listens(*place)


def _ask(
    engine: Engine, container: str, opened: tuple[int, ...], asked: tuple[int, ...], probe: Probe
) -> dict[str, web.Answer]:
    """The user's requests go to the first port that listens; without any, each one is asked for `/`
    and for what the answer leads to."""
    answers: dict[str, web.Answer] = {}
    for port in opened[:1] if probe.http else opened:
        place = engine.address(container, port)
        if place is None:
            continue
        if probe.http:
            answers |= {request.name: web.ask(*place, request) for request in probe.http}
        else:
            where = "" if port == asked[0] else f" on {port}"
            answers |= {f"{name}{where}": answer for name, answer in _visited(place).items()}
    return answers


def _visited(place: tuple[str, int]) -> dict[str, web.Answer]:
    """`/`, the page that it redirects to, and what that page loads from the same server."""
    answers: dict[str, web.Answer] = {}
    paths = ["/"]
    for _ in range(_REDIRECTS):
        request = Request(path=paths[0])
        answers[request.name] = web.ask(*place, request)
        paths = list(pages.following(request.path, answers[request.name]))
        if answers[request.name].status == HTTPStatus.OK or not paths:
            break
    for path in paths:
        request = Request(path=path)
        if request.name not in answers:
            answers[request.name] = web.ask(*place, request, timeout=_LOADED)
    return answers


# --- comparing --------------------------------------------------------------------------------------


def compare(before: Observation, after: Observation, probe: Probe, repeats: Repeats) -> tuple[Check, ...]:
    """One check for each thing that was asked."""
    checks = [_start(before, after, repeats)]
    checks += _unasked(before, probe)
    checks += [_answer(name, before, after, probe, repeats) for name in before.answers]
    checks += [
        _output(run, before.outputs.get(run.name), after.outputs.get(run.name), probe)
        for run in probe.exec
        if run.name in before.outputs
    ]
    if before.stopped is not None and after.stopped is not None:
        checks.append(_stop(before, after, repeats))
    alike = all(check.ok for check in checks)  # what fails says something else, however it was built
    checks.append(_log(before, after, probe, repeats.seen(build=alike)))
    return tuple(checks)


def steadier(
    before: Observation, after: Observation, asked: tuple[int, ...], retried: Callable[[], Observation]
) -> Observation:
    """What the rewritten image did; once more where neither image got as far as listening and only one
    of them ended: what fails again and again gives up when it likes."""
    if not asked or before.answers or after.answers or before.problem or after.problem:
        return after
    if (before.exit_code is None) == (after.exit_code is None):
        return after
    third = retried()
    return third if _end(third) == _end(before) else after


def output(run: Run, before: tuple[int | None, str], after: tuple[int | None, str], probe: Probe) -> Check:
    """The check of one command that ran in containers of its own."""
    return _output(run, before, after, probe)


def _verdict(
    name: str, code: str, wrong: str, detail: str, probe: Probe | None = None, *, original: bool = False
) -> Check:
    if not wrong:
        return Check(name=name, layer="behaviour", ok=True, detail=detail)
    accepted = probe is not None and name in probe.accept
    finding = Finding(code=code, text=wrong, accepted=accepted, original=original)
    return Check(name=name, layer="behaviour", ok=accepted, detail=wrong, findings=(finding,))


def _end(seen: Observation) -> str:
    if seen.problem:
        return f"could not be started: {seen.problem}"
    if seen.exit_code is not None:
        return f"ended with exit code {seen.exit_code}"
    return seen.ready


def _unasked(before: Observation, probe: Probe) -> Iterator[Check]:
    """What the user wants to be asked and the original, as it was started here, could not be."""
    why = f"the original {_end(before)}"
    for request in probe.http:
        if request.name not in before.answers:
            wrong = f"{request.name} could not be asked: {why}"
            yield _verdict(request.name, ANSWERS, wrong, "", probe, original=True)
    for run in probe.exec:
        if run.name not in before.outputs:
            name = f"`{run.name}`"
            yield _verdict(name, COMMANDS, f"{name} could not be run: {why}", "", probe, original=True)


def _start(before: Observation, after: Observation, repeats: Repeats) -> Check:
    old, new = _end(before), _end(after)
    if masks.masked(old) == masks.masked(new):
        return _verdict("start", STARTS, "", old)
    if new == _end(repeats.again):
        return _verdict("start", STARTS, "", f"{old}, another time {new}")
    return _verdict("start", STARTS, f"the original {old}, the rewritten image {new}", "")


def _answer(name: str, before: Observation, after: Observation, probe: Probe, repeats: Repeats) -> Check:
    old, new = before.answers[name], after.answers.get(name)
    request = next((r for r in probe.http if r.name == name), Request(path="/"))
    if new is None and not probe.http and name.split()[1] != "/":
        # where the page that leads there differs in more than a name, that is found already
        return _verdict(name, ANSWERS, "", "the page of the rewritten image leads elsewhere", probe)
    if new is None:
        return _verdict(name, ANSWERS, f"{name}: no answer, the original answers {old.status}", "", probe)
    wrong = web.unmet(request, new) or web.difference(request, old, new, probe.mask)
    if wrong and not web.unmet(request, new) and old.status == new.status:
        thirds = (seen.answers.get(name) for seen in repeats.seen(build=True))
        if any(third and web.same_but_volatile(request, old, third, new, probe.mask) for third in thirds):
            return _verdict(name, ANSWERS, "", f"{old.status}, equal but for what changes from run to run")
    unmet = web.unmet(request, old)
    if unmet and wrong:
        wrong += f" (the original: {unmet})"
    wrong = f"{name}: {wrong}" if wrong else ""
    return _verdict(name, ANSWERS, wrong, web.described(old), probe, original=bool(unmet))


def _output(
    run: Run, before: tuple[int | None, str] | None, after: tuple[int | None, str] | None, probe: Probe
) -> Check:
    name = f"`{run.name}`"
    if before is None or after is None:
        return _verdict(name, COMMANDS, f"{name} could only be run in one of the images", "", probe)
    wrong = ""
    if before[0] != after[0]:
        wrong = f"{name}: exit code {before[0]} became {after[0]}: {after[1].strip()[-300:]}"
    elif run.exit is not None and after[0] != run.exit:
        wrong = f"{name}: exit code {after[0]}, not {run.exit}: {after[1].strip()[-300:]}"
    elif run.contains not in after[1]:
        wrong = f"{name}: {run.contains!r} is not in the output"
    elif run.output and masks.masked(before[1], probe.mask) != masks.masked(after[1], probe.mask):
        wrong = (
            f"{name} prints something else: {before[1].strip()[-200:]!r} became {after[1].strip()[-200:]!r}"
        )
    return _verdict(name, COMMANDS, wrong, f"exit code {after[0]}, same output", probe)


def _stop(before: Observation, after: Observation, repeats: Repeats) -> Check:
    if before.stopped == after.stopped or after.stopped == repeats.again.stopped:
        return _verdict("stop", STOPS, "", f"exit code {after.stopped}")
    by_itself = repeats.again.exit_code
    if by_itself is not None and by_itself in (before.stopped, after.stopped):
        return _verdict("stop", STOPS, "", f"it ends by itself with exit code {by_itself}, sooner or later")
    wrong = f"stopped, the original exits with {before.stopped}, the rewritten image with {after.stopped}"
    return _verdict("stop", STOPS, wrong, "")


def _log(before: Observation, after: Observation, probe: Probe, repeats: Iterator[Observation]) -> Check:
    old, new = masks.lines(before.log, probe.mask), masks.lines(after.log, probe.mask)
    if old == new:
        return _verdict(
            "log", LOGS, "", f"{len(old)} lines of the same shape" if old else "nothing is printed"
        )
    found: tuple[str, ...] = ()
    others: list[frozenset[str]] = []
    for seen in repeats:
        others.append(masks.lines(seen.log, probe.mask))
        found = masks.differing(old, new, *others)
        if not found:
            break
    shown = "\n".join(line[:200] for line in found[:8])
    more = f"\n… and {len(found) - 8} more" if len(found) > 8 else ""
    return _verdict("log", LOGS, f"the logs differ:\n{shown}{more}" if found else "", "the same shape", probe)


def _last_word(log: str) -> str:
    """What a program said of its end: its last error (a Node program's is followed by where it happened
    and by Node's version), else its last line."""
    lines = [line.strip()[:160] for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.match(line)]
    return (errors or lines or [""])[-1]


def scope(seen: Observation, asked: tuple[int, ...], probe: Probe) -> tuple[str, ...]:
    """What was not proven by watching the original do what it did, in sentences."""
    last = _last_word(seen.log)
    if seen.problem:
        return ("the original could not be started here, so nothing is known about what it does",)
    if seen.exit_code:
        return (
            f"both end with exit code {seen.exit_code}"
            + (f" (“{last}”)" if last else "")
            + ": what comes after a successful start was not proven",
        )
    if seen.exit_code == 0:
        if asked and not seen.answers:
            return (f"both end without ever listening on {', '.join(map(str, asked))}",)
        return () if seen.log.strip() else ("both end at once and print nothing: no behaviour was seen",)
    missing = []
    poor = [f"{name} with {a.status}" for name, a in seen.answers.items() if (a.status or 400) >= 400]
    works = any((a.status or 400) < 300 for a in seen.answers.values())
    if poor and not works and not probe.http:
        said = ", ".join(poor).replace("None", "no HTTP")
        missing.append(f"the original answers {said}: no page that works was seen; name one with --probe")
    if asked and not seen.answers:
        missing.append(f"nothing listened on {', '.join(map(str, asked))} within {probe.seconds:g} s")
    if not asked and not probe.exec and not probe.run:
        missing.append(
            "it listens on no port and no probe is set: only starting, log and stopping were compared"
        )
    return tuple(missing)
