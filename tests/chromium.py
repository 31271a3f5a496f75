"""A Chromium without a window, told what to do through a pair of pipes (DevTools protocol).

Nothing but the browser is needed: no driver, no port, no package.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

NONE = "no Chromium or Chrome here"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
--disable-background-networking --disable-component-update --disable-extensions --disable-default-apps
--mute-audio --disable-dev-shm-usage --remote-debugging-pipe""".split()
# The browser reads its commands from descriptor 3 and answers on 4.
_START = """import os, sys
ends = [os.dup(int(n)) for n in sys.argv[1:3]]
os.dup2(ends[0], 33), os.dup2(ends[1], 34)
os.dup2(33, 3), os.dup2(34, 4)
os.execvp(sys.argv[3], sys.argv[3:])"""
# Name → code, number, the text it types.
_CODES = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Escape": ("Escape", 27, ""),
    " ": ("Space", 32, " "),
    "Backspace": ("Backspace", 8, ""),
    "End": ("End", 35, ""),
    "Home": ("Home", 36, ""),
}
_ARROWS = zip(("Left", "Up", "Right", "Down"), range(37, 41), strict=True)
_CODES |= {f"Arrow{name}": (f"Arrow{name}", code, "") for name, code in _ARROWS}


def found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chrome:
    """One page. `said` are console messages and uncaught errors, `asked` the addresses it requested."""

    def __init__(self, program: str, profile: Path) -> None:
        reads, self._write = os.pipe()
        self._read, writes = os.pipe()
        start = [sys.executable, "-c", _START, str(reads), str(writes)]
        self._process = subprocess.Popen(
            [*start, program, *_OPTIONS, f"--user-data-dir={profile}"],
            pass_fds=(reads, writes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        self._rest, self._number, self._session = b"", 0, ""
        self._events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.said: list[str] = []
        self.asked: list[str] = []

    def close(self) -> None:
        os.close(self._write)
        os.close(self._read)
        self._process.terminate()
        self._process.wait(timeout=30)

    def send(self, method: str, **params: object) -> dict[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]  # type: ignore[no-any-return]
            self._events.append(answer)

    def _next(self, timeout: float = 60) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._read], [], [], timeout)[0]:
                raise TimeoutError("the browser doesn't answer")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise EOFError("the browser is gone")
            self._rest += part
        line, self._rest = self._rest.split(b"\0", 1)
        return json.loads(line)  # type: ignore[no-any-return]

    def open(
        self, path: Path, *, width: int = 1400, height: int = 900, scheme: str = "light", drawn: bool = True
    ) -> None:
        """Loads a file and waits until it is drawn, as far as its scripts do that."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        self.media(scheme)
        self._events, self.said, self.asked = [], [], []
        self.send("Page.navigate", url=path.as_uri())
        self.until("document.readyState === 'complete'")
        if drawn:
            self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.hear()

    def media(self, scheme: str, medium: str = "") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=medium, features=features)

    def hear(self) -> None:
        """Sorts what has happened since the last time."""
        for event in self._events:
            params = event.get("params", {})
            if event.get("method") == "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            elif event.get("method") in (
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Log.entryAdded",
            ):
                self.said.append(json.dumps(params))
        self._events = []

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while not self.run(script):
            assert time.monotonic() < end, f"never: {script}"
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Keys as from a keyboard: names such as ArrowDown, or texts to type."""
        for key in keys:
            if key not in _CODES:
                self.send("Input.insertText", text=key)
                continue
            code, number, text = _CODES[key]
            values = {"key": key, "code": code, "windowsVirtualKeyCode": number}
            self.send("Input.dispatchKeyEvent", type="keyDown", **values, **({"text": text} if text else {}))
            self.send("Input.dispatchKeyEvent", type="keyUp", **values)

    def click(self, selector: str) -> None:
        element = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{element}.scrollIntoView({{block: 'center'}})")
        box = self.run(f"(r => [r.x + r.width / 2, r.y + r.height / 2])({element}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def picture(self, path: Path) -> None:
        data = self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))
