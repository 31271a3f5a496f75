"""Builds a Dockerfile and its rewritten form over one context, starts both, prints one line of JSON.

    python measure.py ORIGINAL REWRITTEN CONTEXT [--build-arg NAME=VALUE]… [--seconds 10] [--timeout 900]

ORIGINAL may be a directory that holds a Dockerfile. Nothing is known about the application, so
the probe is generic: `GET /` on every exposed TCP port, then whether it runs or how it ended,
and the shape of its log (numbers, dates and identifiers left out). Fields of the line: verdict
("equal", "different", "not built", "not started", "original not built"), sizes in bytes, ratio, differences,
seconds. The exit code is 0 for "equal", else 1.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import compare

VARIABLE = re.compile(r"\x1b\[[0-9;]*m|0x[0-9a-f]+|[0-9a-f-]{12,}|\d+", re.IGNORECASE)
LEADING_LINES = 20


def behaviour(image: str, seconds: float) -> dict[str, object]:
    """What a container of the image does in its first `seconds`: answers, end, shape of the log."""
    ports = [int(str(port).split("/")[0]) for port in exposed(image)]
    publish = tuple(f"--publish=127.0.0.1::{port}" for port in ports)
    with compare.started(image, compare.Probe(options=publish)) as container:
        time.sleep(seconds)
        state = compare.container_state(container)
        seen: dict[str, object] = {"running": state["Running"], "exit code": state["ExitCode"]}
        for port in ports if state["Running"] else ():
            request = compare.Request(path="/", status=None)
            seen[f"GET / on {port}"] = _shape(repr(compare.ask(container, port, request, [])))
        lines = [_shape(line) for line in compare.logs(container).splitlines() if line.strip()]
        # Workers write in any order; what counts is what is said, not when.
        seen["log"] = sorted(set(lines[:LEADING_LINES]))
    return seen


def exposed(image: str) -> list[str]:
    """The TCP ports an image exposes, as `8080/tcp`."""
    ports = compare.contract(image)["ExposedPorts"]
    assert isinstance(ports, list)
    return [port for port in ports if not port.endswith("/udp")]


def measure(original: str, rewritten: str, context: Path, args: argparse.Namespace) -> dict[str, object]:
    """The line to print, for the two texts."""
    build_args = dict(item.split("=", 1) for item in args.build_arg)
    failure = "original not built"
    with contextlib.ExitStack() as stack:
        try:
            images = []
            for text in (original, rewritten):
                image = compare.built(text, context, build_args=build_args, timeout=args.timeout)
                images.append(stack.enter_context(image))
                failure = "not built"
            failure = "not started"
            before, after = (behaviour(image, args.seconds) for image in images)
        except compare.EngineError as error:
            return {"verdict": failure, "error": str(error)[-args.log :]}
        found = compare.contract_differences(*(compare.contract(image) for image in images))
        for key, seen in before.items():
            if seen != after.get(key):
                found.append(f"{key}: {seen!r} -> {after.get(key)!r}")
        sizes = [compare.size(image) for image in images]
    return {
        "verdict": "different" if found else "equal",
        "sizes": {"original": sizes[0], "rewritten": sizes[1]},
        "ratio": round(sizes[1] / sizes[0], 3),
        "differences": found,
        "behaviour": before,
    }


def _shape(text: str) -> str:
    return VARIABLE.sub("#", text).strip()


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds both images, starts both, compares.")
    parser.add_argument("original", type=Path)
    parser.add_argument("rewritten", type=Path)
    parser.add_argument("context", type=Path)
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seconds", type=float, default=10, help="how long a container is left to start")
    parser.add_argument("--timeout", type=float, default=900, help="for each build, in seconds")
    parser.add_argument("--log", type=int, default=1500, help="characters of a failed build's log to show")
    args = parser.parse_args()
    original = args.original / "Dockerfile" if args.original.is_dir() else args.original
    texts = [file.read_bytes().decode("utf-8", "surrogateescape") for file in (original, args.rewritten)]
    begin = time.monotonic()
    line = {"dockerfile": str(original), **measure(texts[0], texts[1], args.context, args)}
    line["seconds"] = round(time.monotonic() - begin, 1)
    print(json.dumps(line))
    return 0 if line["verdict"] == "equal" else 1


if __name__ == "__main__":
    sys.exit(main())
