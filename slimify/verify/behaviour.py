"""Compares how both images behave when they are started with the same settings.

Compared are whether and how the container ends, its answers on its ports, the output of commands run in it,
its exit code on stop, and the shape of its log. `unproven` lists what could not be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slimify.model.counts import counted
from slimify.model.regex import regex
from slimify.verify import volatile_text
from slimify.verify.behaviour_check import behaviour_check
from slimify.verify.compare_answers import ANSWERS, AnswerComparison
from slimify.verify.model import Check, Grade
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe, Run
from slimify.verify.reruns import Reruns
from slimify.verify.steady_answers import AnswerHistories

STARTS, COMMANDS, LOGS, STOPS, HEALTH = "SL540", "SL542", "SL543", "SL544", "SL545"

_SLOWDOWN = 3.0  # how many times slower one image may be than the other
_LONGEST_WATCH = 300.0  # seconds
FULL_WATCH = 60.0  # seconds, until a program that is about to end has ended
_FIRST_EPHEMERAL_PORT = 32768  # ip_local_port_range: the kernel picks a different one every time
_NOT_RUN = (126, 127)  # exit codes of a command that is not executable or missing: they prove nothing
_RUNTIME = "unable to start container process: "  # runc; its reason follows
_ERROR_LINE = regex(r"(?:Uncaught )?[\w.]*(?:Error|Exception)(?: \[\w+\])?: ")


def variable_value(config: Mapping[str, Any], probe: Probe, name: str) -> str:
    """The value of a variable in the container: the probe's, else the image's, else ""."""
    image_env: dict[str, str] = dict(item.partition("=")[::2] for item in config.get("Env") or ())
    return {**image_env, **probe.env}.get(name, "")


def minimum_watch(other: Observation) -> float:
    """Seconds to watch an image at least, given that `other` ended or listened after a while.

    How fast a program retries until it gives up depends on the machine's load.
    """
    return 0 if other.ready in ("running", "not started") else min(other.start * _SLOWDOWN, _LONGEST_WATCH)


def minimum_rewatch(before: Observation, after: Observation) -> float:
    """Seconds to watch the original at least in its second run.

    If it kept running while the rewritten image ended, or their exit codes on stop differ, the original may
    have been about to end by itself.
    """
    if before.ready != "running" or (
        after.ready == "running" and before.stop_exit_code == after.stop_exit_code
    ):
        return 0
    return min(after.start * _SLOWDOWN, _LONGEST_WATCH)


def compare(
    before: Observation,
    after: Observation,
    probe: Probe,
    reruns: Reruns,
    settled: Callable[[], AnswerHistories | None] = lambda: None,
) -> tuple[Check, ...]:
    """One check for each thing compared. `settled` asks both images until their answers settle; it is only
    called if something differs."""
    checks = [_compare_starts(before, after, reruns)]
    checks += _unreachable(before, probe)
    checks += AnswerComparison(before, after, probe, reruns, settled).checks()
    checks += [
        compare_outputs(run, before.outputs.get(run.name), after.outputs.get(run.name), probe)
        for run in probe.exec
        if run.name in before.outputs
    ]
    if before.health is not None and after.health is not None:
        checks.append(_compare_health(before.health, after.health, reruns))
    if before.stop_exit_code is not None and after.stop_exit_code is not None:
        checks.append(_compare_stops(before, after, reruns))
    alike = all(check.ok for check in checks)  # another build can't explain the log of a failing program
    if not (before.problem and after.problem):  # an image that can't be started has no log of its own
        checks.append(_compare_logs(before, after, probe, reruns, settled, build=alike))
    return tuple(checks)


def retry_unsteady_start(
    before: Observation, after: Observation, asked: tuple[int, ...], retried: Callable[[], Observation]
) -> Observation:
    """The observation of the rewritten image, retried if neither image listened and only one of them ended:
    when a program that retries gives up is a matter of chance."""
    if not asked or before.answers or after.answers or before.problem or after.problem:
        return after
    if (before.exit_code is None) == (after.exit_code is None):
        return after
    third = retried()
    return third if _end_state(third) == _end_state(before) else after


def may_end(before: Observation, after: Observation, probe: Probe) -> bool:
    """Whether both images were stopped before they listened or ended, and one had printed more: it may have
    been about to end."""
    shapes = [volatile_text.log_shape(seen.log, probe.mask) for seen in (before, after)]
    return before.ready == after.ready == "running" and shapes[0] != shapes[1]


def _reason(problem: str) -> str:
    """Why a container does not start, without what containerd and runc say before it."""
    return problem.rpartition(_RUNTIME)[2]


def _end_state(seen: Observation) -> str:
    if seen.problem:
        return f"could not be started: {_reason(seen.problem)}"
    if seen.exit_code is not None:
        return f"ended with exit code {seen.exit_code}"
    return seen.ready


def _unreachable(before: Observation, probe: Probe) -> Iterator[Check]:
    """Probes that could not be run in the original."""
    end = _end_state(before)
    why = f"the original {'keeps running without listening' if end == 'running' else end}"
    for request in probe.http:
        if request.name not in before.answers:
            wrong = f"{request.name} could not be asked: {why}"
            yield behaviour_check(request.name, ANSWERS, wrong, "", probe, original=True)
    for run in probe.exec:
        if run.name not in before.outputs:
            name = f"`{run.name}`"
            yield behaviour_check(name, COMMANDS, f"{name} could not be run: {why}", "", probe, original=True)


def _compare_starts(before: Observation, after: Observation, reruns: Reruns) -> Check:
    old, new = _end_state(before), _end_state(after)
    if volatile_text.masked(old) == volatile_text.masked(new):
        return behaviour_check("start", STARTS, "", old)
    if new == _end_state(reruns.second_run):
        return behaviour_check("start", STARTS, "", f"{old} in one run, {new} in another")
    return behaviour_check("start", STARTS, f"the original {old}, the rewritten image {new}", "")


def compare_outputs(
    run: Run, before: tuple[int | None, str] | None, after: tuple[int | None, str] | None, probe: Probe
) -> Check:
    """Compares exit code and output of one command. None: it could not be run in that image."""
    name = f"`{run.name}`"
    if before is None or after is None:
        return behaviour_check(name, COMMANDS, f"{name} could be run in only one of the images", "", probe)
    wrong = ""
    if before[0] != after[0]:
        wrong = _with_output(f"{name}: exit code {before[0]} became {after[0]}", after[1])
    elif run.exit is None and before[0] in _NOT_RUN:
        wrong = _with_output(f"{name} can't be run in the original either", before[1])
        return behaviour_check(name, COMMANDS, wrong, "", probe, original=True)
    elif run.exit is not None and after[0] != run.exit:
        wrong = _with_output(f"{name}: exit code {after[0]}, not {run.exit}", after[1])
    elif run.contains not in after[1]:
        wrong = f"{name}: {run.contains!r} is not in the output"
    elif run.output and volatile_text.masked(before[1], probe.mask) != volatile_text.masked(
        after[1], probe.mask
    ):
        wrong = (
            f"{name} prints different output: {before[1].strip()[-200:]!r} became {after[1].strip()[-200:]!r}"
        )
    return behaviour_check(name, COMMANDS, wrong, f"exit code {after[0]}, same output", probe)


def _with_output(text: str, output: str) -> str:
    """A sentence with the end of what was printed, if anything was."""
    return f"{text}: {end}" if (end := output.strip()[-300:]) else text


def _compare_health(before: tuple[int | None, str], after: tuple[int | None, str], reruns: Reruns) -> Check:
    """Compares success only: Docker evaluates nothing else of a health check."""
    old, new = before[0] == 0, after[0] == 0
    if old != new and (again := reruns.second_run.health) is not None and (again[0] == 0) == new:
        return behaviour_check("health check", HEALTH, "", "succeeds only sometimes")
    wrong = ""
    if old != new:
        where, failed = ("the rewritten image", after) if old else ("the original", before)
        wrong = _with_output(f"the health check only fails in {where}", failed[1])
    return behaviour_check("health check", HEALTH, wrong, "succeeds" if old else "fails in both images")


def _compare_stops(before: Observation, after: Observation, reruns: Reruns) -> Check:
    if (
        before.stop_exit_code == after.stop_exit_code
        or after.stop_exit_code == reruns.second_run.stop_exit_code
    ):
        return behaviour_check("stop", STOPS, "", f"exit code {after.stop_exit_code}")
    by_itself = reruns.second_run.exit_code
    if by_itself is not None and by_itself in (before.stop_exit_code, after.stop_exit_code):
        return behaviour_check(
            "stop", STOPS, "", f"it exits by itself with code {by_itself}, sooner or later"
        )
    old, new = before.stop_exit_code, after.stop_exit_code
    wrong = f"on stop, the original exits with code {old}, the rewritten image with code {new}"
    return behaviour_check("stop", STOPS, wrong, "")


def _compare_logs(
    before: Observation,
    after: Observation,
    probe: Probe,
    reruns: Reruns,
    settled: Callable[[], AnswerHistories | None],
    *,
    build: bool,
) -> Check:
    """Compares the shapes of the logs. With `build`, the original is also built and started once more.

    The output of a program that ends is its answer. What a server prints beside equal answers may matter."""
    old, new = volatile_text.log_shape(before.log, probe.mask), volatile_text.log_shape(after.log, probe.mask)
    if old == new:
        detail = f"{counted(len(old), 'line')} of the same shape" if old else "nothing is printed"
        return behaviour_check("log", LOGS, "", detail)
    others = [volatile_text.log_shape(reruns.second_run.log, probe.mask)]
    found = volatile_text.differing_lines(old, new, *others)
    if found and (courses := settled()):
        # both images were watched for the same time here; a longer watch yields more lines
        others.append(volatile_text.log_shape(courses[0].log, probe.mask))
        new |= volatile_text.log_shape(courses[1].log, probe.mask)
        found = volatile_text.differing_lines(old, new, *others)
    if found and build:
        others.append(volatile_text.log_shape(reruns.rebuilt_run.log, probe.mask))
        found = volatile_text.differing_lines(old, new, *others)
    shown = "\n".join(line[:200] for line in found[:8])
    more = f"\n… and {len(found) - 8} more" if len(found) > 8 else ""
    wrong = f"the logs differ:\n{shown}{more}" if found else ""
    grade: Grade = "may-matter" if build and before.answers and before.exit_code is None else "breaks"
    return behaviour_check("log", LOGS, wrong, "the same shape", probe, grade=grade)


def _last_error(log: str) -> str:
    """The last error of a log (its location and the interpreter's version may follow it), else the last
    line."""
    lines = [line.strip()[:160] for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR_LINE.match(line)]
    return (errors or lines or [""])[-1]


def unproven(seen: Observation, asked: tuple[int, ...], probe: Probe) -> tuple[str, ...]:
    """Sentences about what the comparison does not prove, given what the original did."""
    last = _last_error(seen.log)
    if seen.problem:
        why = _reason(seen.problem)
        return (f"the original could not be started here (“{why}”), so its behaviour is unknown",)
    if seen.exit_code:
        return (
            f"both images end with exit code {seen.exit_code}"
            + (f" (“{last}”)" if last else "")
            + ": behaviour after a successful start was not compared",
        )
    if seen.exit_code == 0:
        if asked and not seen.answers:
            return (f"both images end without listening on {', '.join(map(str, asked))}",)
        return (
            ()
            if seen.log.strip()
            else ("both images end immediately and print nothing: no behaviour was observed",)
        )
    missing = []
    poor = [f"{name} with {a.status}" for name, a in seen.answers.items() if (a.status or 400) >= 400]
    works = any((a.status or 400) < 300 for a in seen.answers.values())
    if poor and not works and not probe.http:
        answers = ", ".join(poor).replace("None", "no HTTP")
        missing.append(f"the original answers {answers}: no working page was compared; name one with --probe")
    others = [port for port in seen.unasked_ports if port < _FIRST_EPHEMERAL_PORT] if seen.answers else []
    if others:
        missing.append(f"the original also listens on {', '.join(map(str, others))}, which was not compared")
    if asked and not seen.answers:
        missing.append(f"nothing listened on {', '.join(map(str, asked))} within {probe.seconds:g} s")
    if not asked and not probe.exec and not probe.run:
        missing.append("it listens on no port and no probe is set: only start, log and stop were compared")
    return tuple(missing)
