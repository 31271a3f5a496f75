"""The TCP ports on which a running container listens, read from /proc/net."""

from __future__ import annotations

from collections.abc import Iterator

from slimify.engine.containers import Engine
from slimify.engine.model import EngineProblem

# Not every image has ss or netstat; most have cat.
_TABLES = ("cat", "/proc/net/tcp", "/proc/net/tcp6")
_TIMEOUT = 10.0  # seconds


def listening_ports(engine: Engine, container: str) -> tuple[int, ...]:
    """The ports in ascending order, without those bound to loopback addresses; () if the image has no
    `cat`."""
    try:
        _, text = engine.execute(container, _TABLES, _TIMEOUT)
    except EngineProblem:
        return ()
    return tuple(sorted(set(parse_tables(text))))


def parse_tables(tables: str) -> Iterator[int]:
    """The ports of listening sockets (state 0A) in the kernel's tables, proc_net_tcp(5).

    Local address and port are hexadecimal; addresses are words in the machine's byte order, which is
    little-endian here.
    """
    for line in tables.splitlines():
        cells = line.split()
        address, _, port = cells[1].partition(":") if len(cells) > 3 else ("", "", "")
        if not port or cells[3] != "0A" or _is_loopback(address):
            continue
        yield int(port, 16)


def _is_loopback(address: str) -> bool:
    if len(address) == 8:
        return address.endswith("7F")
    mapped = address.startswith("0000000000000000FFFF0000") and address.endswith("7F")
    return mapped or address == "00000000000000000000000001000000"
