"""Starts one image, waits for it, asks it and stops it, and records what it does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from http import HTTPStatus

from msgspec import Struct

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem, RunOptions
from slimify.verify import listening_ports, pages, web
from slimify.verify.observation import Observation
from slimify.verify.probes import Probe, Request, Run

_QUIET_SECONDS = 2.0  # seconds without log output after which a container without ports counts as running
_LEAST_WATCH = 8.0  # seconds to wait at least for a container that neither ends nor listens
_STOP_GRACE = 5.0  # seconds between SIGTERM and SIGKILL
_FURTHER_PORTS_WAIT = 2.0  # seconds to wait for further ports once one listens
_MAX_REDIRECTS = 4  # redirects followed in a row
_RESOURCE_TIMEOUT = 10.0  # seconds for each resource of a page
_HEALTH_TRIES, _HEALTH_INTERVAL = (
    3,
    2.0,
)  # of a health check that fails, as Docker's `--retries`; seconds between them


class Ready(Struct, frozen=True):
    """A container after the wait: its state (as in `Observation.ready`), the ports that answer, and the
    seconds it took."""

    container: str
    ready: str
    opened: tuple[int, ...]
    start: float


@contextlib.contextmanager
def running(
    engine: Engine, image: str, asked: tuple[int, ...], probe: Probe, least: float = 0
) -> Iterator[Ready]:
    """Starts an image, waits for it, and removes its container on exit. Raises EngineProblem."""
    options = RunOptions(env=dict(probe.env), volumes=probe.volumes, ports=asked, arguments=probe.options)
    began = time.monotonic()
    container = engine.start(image, options)
    try:
        ready, opened = _wait(engine, container, asked, probe, least)
        yield Ready(container, ready, opened, time.monotonic() - began)
    finally:
        engine.remove(container)


def observe(
    engine: Engine,
    image: str,
    asked: tuple[int, ...],
    probe: Probe,
    least: float = 0,
    health: tuple[str, ...] = (),
) -> Observation:
    """Starts an image, waits, asks and stops it.

    An image that neither ends nor listens is watched for `least` seconds at least. `health` is the command
    of its health check. Raises EngineProblem only for failures of the engine itself.
    """
    with contextlib.ExitStack() as stack:
        try:
            one = stack.enter_context(running(engine, image, asked, probe, least))
        except EngineProblem as problem:
            if problem.kind != "run":
                raise
            return Observation(
                exit_code=None, ready="not started", start=0, problem=problem.message, log=problem.log
            )
        return _observe_running(engine, one, asked, probe, health)


def _observe_running(
    engine: Engine, one: Ready, asked: tuple[int, ...], probe: Probe, health: tuple[str, ...]
) -> Observation:
    container = one.container
    answers = ask(engine, one, asked, probe)
    outputs = {}
    healthy = None
    unasked_ports: tuple[int, ...] = ()
    if engine.state(container).running:
        unasked_ports = () if probe.port else listening_ports.listening_ports(engine, container)
        outputs = {run.name: _execute(engine, container, run, probe) for run in probe.exec}
        healthy = _check_health(engine, container, Run(command=health), probe) if health else None
    state = engine.state(container)
    stopped = None
    if state.running:
        engine.stop(container, _STOP_GRACE)
        stopped = engine.state(container).exit_code
    return Observation(
        exit_code=None if state.running else state.exit_code,
        ready=one.ready,
        start=one.start,
        answers=answers,
        outputs=outputs,
        health=healthy,
        stop_exit_code=stopped,
        log=engine.logs(container),
        unasked_ports=tuple(port for port in unasked_ports if port not in one.opened),
    )


def _check_health(engine: Engine, container: str, run: Run, probe: Probe) -> tuple[int | None, str]:
    """Runs the health check. Like Docker, retries it, since a listening program may not be ready yet."""
    for _ in range(_HEALTH_TRIES - 1):
        found = _execute(engine, container, run, probe)
        if found[0] == 0 or not engine.state(container).running:
            return found
        time.sleep(_HEALTH_INTERVAL)
    return _execute(engine, container, run, probe)


def _execute(engine: Engine, container: str, run: Run, probe: Probe) -> tuple[int | None, str]:
    try:
        return engine.execute(container, run.command, probe.seconds)
    except EngineProblem as problem:
        if problem.kind not in ("timeout", "run"):
            raise
        return None, problem.message


def run_separately(engine: Engine, image: str, run: Run, probe: Probe) -> tuple[int | None, str]:
    """Exit code (None: it did not end) and output of `run IMAGE command` in a container of its own."""
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
    """Waits until the container ends, is healthy or listens. Returns the state and the open ports."""
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
        if opened and (len(opened) == len(asked) or now - (first or now) > _FURTHER_PORTS_WAIT):
            return f"listening on {', '.join(map(str, opened))}", opened
        if state.health in ("healthy", "unhealthy") and not asked:
            return state.health, ()
        log = engine.logs(container)
        if log != last:
            quiet, last = now, log
        silent = now - quiet > _QUIET_SECONDS and now - began > max(_LEAST_WATCH, least)
        if now - began > max(probe.seconds, least) or (silent and not asked and state.health != "starting"):
            return "running", ()
        time.sleep(0.3)


def _listens(engine: Engine, container: str, port: int) -> bool:
    place = engine.address(container, port)
    return place is not None and web.listens(*place)


def ask(engine: Engine, one: Ready, asked: tuple[int, ...], probe: Probe) -> dict[str, web.Answer]:
    """The answers to the user's requests on the first open port. Without any, `/` and the paths it leads to
    are requested on each open port."""
    answers: dict[str, web.Answer] = {}
    for port in one.opened[:1] if probe.http else one.opened:
        place = engine.address(one.container, port)
        if place is None:
            continue
        if probe.http:
            answers |= {request.name: web.ask(*place, request) for request in probe.http}
        else:
            where = "" if port == asked[0] else f" on {port}"
            answers |= {f"{name}{where}": answer for name, answer in _visit_pages(place).items()}
    return answers


def _visit_pages(place: tuple[str, int]) -> dict[str, web.Answer]:
    """The answers for `/`, the page it redirects to, and what that page loads from the same server."""
    answers: dict[str, web.Answer] = {}
    paths = ["/"]
    for _ in range(_MAX_REDIRECTS):
        request = Request(path=paths[0])
        answers[request.name] = web.ask(*place, request)
        paths = list(pages.next_paths(request.path, answers[request.name]))
        if answers[request.name].status == HTTPStatus.OK or not paths:
            break
    for path in paths:
        request = Request(path=path)
        if request.name not in answers:
            answers[request.name] = web.ask(*place, request, timeout=_RESOURCE_TIMEOUT)
    return answers
