"""The runtime contract of a Dockerfile: the configuration of the image it builds.

Rules of BuildKit, checked by builds: ENTRYPOINT resets a CMD inherited from the base image but keeps an
earlier CMD of the same stage; the shell form is stored as SHELL + text; VOLUME and EXPOSE accumulate; the
last HEALTHCHECK, USER and STOPSIGNAL win.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from msgspec.structs import replace

from slimify.analysis.program import RuntimeContract
from slimify.facts.images import ImageFacts
from slimify.model.dockerfile import Instruction
from slimify.semantics.machine.stages import Stage
from slimify.semantics.paths import join_path
from slimify.syntax.dockerfile.instructions import env_pairs, expose_ports, volumes
from slimify.syntax.dockerfile.words import expand


def runtime_contract(stage: Stage) -> RuntimeContract:
    """The contract of a stage, with what it inherits."""
    found, said = _of_base(stage.facts), set[str]()
    for one in reversed([*stage.chain]):
        said.clear()
        for index, instruction in one.body:
            found = _after(instruction, one.scopes[index], found, said)
            said.add(instruction.keyword)
    return replace(found, sets_start_command=not said.isdisjoint(("CMD", "ENTRYPOINT")))


def _of_base(base: ImageFacts | None) -> RuntimeContract:
    """The contract of an image that is not built here."""
    env = base.env.items() if base is not None else ()
    return RuntimeContract(
        entrypoint=base.entrypoint if base is not None else None,
        cmd=base.cmd if base is not None else None,
        env={name: value if value is not None else "\0" for name, value in env},
        workdir=None if base is None or base.workdir is None else base.workdir or "/",
        user="" if base is None or base.user == "root" else base.user,
    )


def _after(
    instruction: Instruction, scope: Mapping[str, str], found: RuntimeContract, said: Container[str]
) -> RuntimeContract:
    """The contract with an instruction. `said` are the keywords of those before it."""
    match instruction.keyword:
        case "ENV":
            pairs = {name: expand(raw, scope) or "" for name, raw in env_pairs(instruction)}
            return replace(found, env={**found.env, **pairs})
        case "LABEL":
            pairs = {expand(k, scope) or k: expand(raw, scope) or "" for k, raw in env_pairs(instruction)}
            return replace(found, labels={**found.labels, **pairs})
        case "WORKDIR":
            return replace(found, workdir=join_path(found.workdir, _value(instruction, scope).strip("\"'")))
        case "USER":
            return replace(found, user=_value(instruction, scope))
        case "EXPOSE":
            ports = {_port(expand(p, scope) or p) for p in expose_ports(instruction)}
            return replace(found, ports=found.ports | ports)
        case "VOLUME":
            named = (expand(v, scope) or v for v in volumes(instruction))
            return replace(found, volumes=tuple(dict.fromkeys((*found.volumes, *named))))
        case "STOPSIGNAL":
            return replace(found, stop_signal=_value(instruction, scope))
        case "SHELL":
            return replace(found, shell=instruction.exec_form or found.shell)
        case "HEALTHCHECK":
            flags = "".join(f" --{f.name}={f.value}" for f in instruction.flags)
            return replace(found, healthcheck=" ".join(instruction.value.split()) + flags)
        case "ENTRYPOINT":
            cmd = found.cmd if "CMD" in said else ()
            return replace(found, entrypoint=_argv(instruction, found.shell), cmd=cmd)
        case "CMD":
            return replace(found, cmd=_argv(instruction, found.shell))
    return found


def _value(instruction: Instruction, scope: Mapping[str, str]) -> str:
    text = expand(instruction.value, scope)
    return (text if text is not None else instruction.value).strip()


def _argv(instruction: Instruction, shell: Sequence[str]) -> tuple[str, ...]:
    return instruction.exec_form if instruction.exec_form is not None else (*shell, instruction.value.strip())


def _port(text: str) -> str:
    return text.lower() if "/" in text else f"{text}/tcp"
