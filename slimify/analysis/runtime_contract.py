"""The runtime contract of a Dockerfile: the configuration of the image it builds.

Rules of BuildKit, checked by builds: ENTRYPOINT resets a CMD inherited from the base image but keeps an
earlier CMD of the same stage; the shell form is stored as SHELL + text; VOLUME and EXPOSE accumulate; the
last HEALTHCHECK, USER and STOPSIGNAL win.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slimify.analysis.program import RuntimeContract
from slimify.facts.images import ImageFacts
from slimify.model.dockerfile import Instruction
from slimify.semantics.paths import join_path
from slimify.syntax.dockerfile.instructions import env_pairs, expose_ports, volumes
from slimify.syntax.dockerfile.words import expand

DEFAULT_SHELL = ("/bin/sh", "-c")


def runtime_contract(
    stage: Sequence[Instruction],
    scopes: Sequence[Mapping[str, str]],
    base: ImageFacts | None,
    inherited: RuntimeContract | None = None,
) -> RuntimeContract:
    """The contract of one stage. `stage` are its instructions after FROM, `scopes` the variables in scope at
    each of them. `inherited` is the contract of the parent stage if FROM names a stage."""
    values = _ContractBuilder(base, inherited)
    for instruction, scope in zip(stage, scopes, strict=True):
        values.take(instruction, scope)
    return values.result()


class _ContractBuilder:
    """Accumulates the configuration, instruction by instruction."""

    def __init__(self, base: ImageFacts | None, inherited: RuntimeContract | None) -> None:
        known = base is not None or inherited is not None
        self.entrypoint: tuple[str, ...] | None = () if known else None
        self.cmd: tuple[str, ...] | None = () if known else None
        self.env: dict[str, str] = {}
        self.workdir: str | None = "/" if known else None
        self.user, self.healthcheck, self.stop_signal = "", "", ""
        self.ports: set[str] = set()
        self.volumes: list[str] = []
        self.labels: dict[str, str] = {}
        self.shell: tuple[str, ...] = DEFAULT_SHELL
        self.own_cmd = self.own_entrypoint = False
        if base is not None:
            self.entrypoint, self.cmd = base.entrypoint, base.cmd
            self.env = {name: value if value is not None else "\0" for name, value in base.env.items()}
            self.workdir = None if base.workdir is None else base.workdir or "/"
            self.user = "" if base.user in ("", "root") else base.user
        if inherited is not None:
            self.entrypoint, self.cmd = inherited.entrypoint, inherited.cmd
            self.env, self.workdir = dict(inherited.env), inherited.workdir
            self.user, self.healthcheck = inherited.user, inherited.healthcheck
            self.stop_signal, self.shell = inherited.stop_signal, inherited.shell
            self.ports, self.volumes = set(inherited.ports), list(inherited.volumes)
            self.labels = dict(inherited.labels)

    def take(self, instruction: Instruction, scope: Mapping[str, str]) -> None:
        def value() -> str:
            text = expand(instruction.value, scope)
            return (text if text is not None else instruction.value).strip()

        match instruction.keyword:
            case "ENV":
                for name, raw in env_pairs(instruction):
                    self.env[name] = expand(raw, scope) or ""
            case "LABEL":
                for name, raw in env_pairs(instruction):
                    self.labels[expand(name, scope) or name] = expand(raw, scope) or ""
            case "WORKDIR":
                self.workdir = join_path(self.workdir, value().strip("\"'"))
            case "USER":
                self.user = value()
            case "EXPOSE":
                self.ports |= {_port(expand(p, scope) or p) for p in expose_ports(instruction)}
            case "VOLUME":
                named = [expand(v, scope) or v for v in volumes(instruction)]
                self.volumes += [v for v in named if v not in self.volumes]
            case "STOPSIGNAL":
                self.stop_signal = value()
            case "SHELL":
                self.shell = instruction.exec_form or self.shell
            case "HEALTHCHECK":
                self.healthcheck = " ".join(instruction.value.split())
                self.healthcheck += "".join(f" --{f.name}={f.value}" for f in instruction.flags)
            case "ENTRYPOINT":
                self.entrypoint = self._argv(instruction)
                self.own_entrypoint = True
                if not self.own_cmd:
                    self.cmd = ()
            case "CMD":
                self.cmd = self._argv(instruction)
                self.own_cmd = True

    def _argv(self, instruction: Instruction) -> tuple[str, ...]:
        if instruction.exec_form is not None:
            return instruction.exec_form
        return (*self.shell, instruction.value.strip())

    def result(self) -> RuntimeContract:
        return RuntimeContract(
            entrypoint=self.entrypoint,
            cmd=self.cmd,
            env=self.env,
            workdir=self.workdir,
            user=self.user,
            ports=frozenset(self.ports),
            volumes=tuple(self.volumes),
            labels=self.labels,
            healthcheck=self.healthcheck,
            stop_signal=self.stop_signal,
            shell=self.shell,
            sets_start_command=self.own_cmd or self.own_entrypoint,
        )


def _port(text: str) -> str:
    return text.lower() if "/" in text else f"{text}/tcp"
