"""What engines say about images and containers, in one form."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from slimify.engine.model import State


def state(said: Mapping[str, Any]) -> State:
    """The `State` of `docker inspect` or `podman inspect`."""
    running = bool(said.get("Running"))
    health = str((said.get("Health") or said.get("Healthcheck") or {}).get("Status") or "")
    return State(
        running=running,
        exit_code=None if running else said.get("ExitCode"),
        health="" if health == "none" else health,
        oom_killed=bool(said.get("OOMKilled")),
        error=str(said.get("Error") or ""),
    )


def places(said: Mapping[str, Any], port: int) -> list[tuple[str, int]]:
    """Where a TCP port of a container may be reached, best first."""
    network = said.get("NetworkSettings") or {}
    published = (network.get("Ports") or {}).get(f"{port}/tcp") or ()
    found = [(_host(entry.get("HostIp")), int(entry["HostPort"])) for entry in published]
    if (said.get("HostConfig") or {}).get("NetworkMode") == "host":
        found.append(("127.0.0.1", port))
    inner = [network, *(network.get("Networks") or {}).values()]
    found += [(str(one["IPAddress"]), port) for one in inner if one and one.get("IPAddress")]
    return list(dict.fromkeys(found))


def answers(place: tuple[str, int]) -> bool:
    """Whether something takes a connection there."""
    try:
        with socket.create_connection(place, timeout=0.5):
            return True
    except OSError:
        return False


def from_buildah(said: Mapping[str, Any]) -> dict[str, Any]:
    """buildah's account of an image, in docker's words; the size is the sum of its layers' archives."""
    docker = said["Docker"]
    layers = json.loads(said.get("Manifest") or "{}").get("layers") or ()
    rootfs = docker.get("rootfs") or {}
    return {
        "Id": f"sha256:{said.get('FromImageID', '')}",
        "Config": docker.get("config") or {},
        "Architecture": docker.get("architecture", ""),
        "Os": docker.get("os", ""),
        "Created": docker.get("created", ""),
        "RootFS": {"Type": rootfs.get("type", ""), "Layers": rootfs.get("diff_ids") or []},
        "Size": sum(int(layer.get("size") or 0) for layer in layers),
    }


def _host(address: str | None) -> str:
    if address in (None, "", "0.0.0.0"):
        return "127.0.0.1"
    return "::1" if address == "::" else str(address)
