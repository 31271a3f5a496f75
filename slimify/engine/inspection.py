"""Normalizes the output of `inspect`, which differs between engines."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

from slimify.engine.model import State


def state(inspected: Mapping[str, Any]) -> State:
    """The state of a container from `docker inspect` or `podman inspect`."""
    running = bool(inspected.get("Running"))
    health = str((inspected.get("Health") or inspected.get("Healthcheck") or {}).get("Status") or "")
    return State(
        running=running,
        exit_code=None if running else inspected.get("ExitCode"),
        health="" if health == "none" else health,
        error=str(inspected.get("Error") or ""),
    )


def addresses(inspected: Mapping[str, Any], port: int) -> list[tuple[str, int]]:
    """Host and port of each address where a container's TCP port may be reachable, best first."""
    network = inspected.get("NetworkSettings") or {}
    published = (network.get("Ports") or {}).get(f"{port}/tcp") or ()
    found = [(_reachable_host(entry.get("HostIp")), int(entry["HostPort"])) for entry in published]
    if (inspected.get("HostConfig") or {}).get("NetworkMode") == "host":
        found.append(("127.0.0.1", port))
    inner = [network, *(network.get("Networks") or {}).values()]
    found += [(str(one["IPAddress"]), port) for one in inner if one and one.get("IPAddress")]
    return list(dict.fromkeys(found))


def accepts_connections(address: tuple[str, int]) -> bool:
    """Whether a host and port accepts connections."""
    try:
        with socket.create_connection(address, timeout=0.5):
            return True
    except OSError:
        return False


def docker_format(inspected: Mapping[str, Any]) -> dict[str, Any]:
    """The output of `buildah inspect` in docker's format. The size is the sum of the layer archives."""
    docker = inspected["Docker"]
    layers = json.loads(inspected.get("Manifest") or "{}").get("layers") or ()
    rootfs = docker.get("rootfs") or {}
    return {
        "Id": f"sha256:{inspected.get('FromImageID', '')}",
        "Config": docker.get("config") or {},
        "Architecture": docker.get("architecture", ""),
        "Os": docker.get("os", ""),
        "Created": docker.get("created", ""),
        "RootFS": {"Type": rootfs.get("type", ""), "Layers": rootfs.get("diff_ids") or []},
        "Size": sum(int(layer.get("size") or 0) for layer in layers),
    }


def _reachable_host(address: str | None) -> str:
    if address in (None, "", "0.0.0.0"):
        return "127.0.0.1"
    return "::1" if address == "::" else str(address)
