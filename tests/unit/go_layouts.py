"""A Dockerfile of a Go program and what has to hold of its rewrite, for the tables of the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slimify import pipeline
from slimify.config import MinSaving, Options
from slimify.model.outcome import Outcome

MODULE = "module example.com/shop\n\ngo 1.22\n"
SERVER = 'package main\n\nimport "net/http"\n\nfunc main() { _ = http.ListenAndServe(":80", nil) }\n'
OPENS = (
    'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\n'
    'func main() { _, _ = os.Open(os.Args[1]); _ = http.ListenAndServe(":80", nil) }\n'
)
STARTS = SERVER.replace("func main", 'import "os/exec"\n\nfunc main').replace(
    "{ _", "{ _ = exec.Command(NAME).Run(); _"
)
PLAIN = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }\n'
ZONED = (
    'package main\n\nimport (\n\t"fmt"\n\t"time"\n)\n\n'
    'func main() { zone, _ := time.LoadLocation("Europe/Berlin"); fmt.Println(time.Now().In(zone)) }\n'
)
SHOP: Mapping[str, str] = {"go.mod": MODULE, "main.go": SERVER}
BUILD = ("WORKDIR /app", "COPY . .", "RUN go build -o /usr/local/bin/shop .")
START = 'CMD ["/usr/local/bin/shop"]'
SHOP_COPY = "COPY --from=builder /usr/local/bin/shop /usr/local/bin/shop"
# What cleaning in place saves has to reach 5 % here, so that the rows show what stages can do.
STAGES = Options(min_saving=MinSaving(percent=5, bytes=5_000_001))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A Dockerfile and what has to hold. `final` are lines of the last stage, `never` text in none of
    them, `builder` all lines of the first stage behind its FROM, `base` the last FROM, `reason` words of
    one of the decisions."""

    id: str
    file: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=lambda: SHOP)
    links: Mapping[str, str] = field(default_factory=dict)  # name -> target
    kind: str = "rewritten"
    base: str = ""
    final: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    builder: tuple[str, ...] = ()
    reason: str = ""


def holds(row: Row, directory: Path) -> None:
    """Rewrites the file, and fails where anything of the row does not hold."""
    result = _outcome(row, directory)
    assert result.kind == row.kind, [d.text for d in result.decisions]
    assert not row.reason or any(row.reason in d.text for d in result.decisions)
    if result.after is None:
        return
    last = f"\n{result.after}".rpartition("\nFROM ")[2].splitlines()
    last[0] = f"FROM {last[0]}"
    if row.base:
        assert last[0] == f"FROM {row.base}"
    for line in row.final:
        assert line in last
    for text in row.never:
        assert not any(text in line for line in last), (text, last)
    if row.builder:
        first = result.after.partition("\nFROM ")[0].splitlines()
        assert tuple(line for line in first[1:] if line and not line.startswith("#")) == row.builder


def _outcome(row: Row, directory: Path) -> Outcome:
    for name, text in row.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_text(text)
    for name, target in row.links.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).symlink_to(target)
    data = ("\n".join(row.file) + "\n").encode()
    (directory / "Dockerfile").write_bytes(data)
    return pipeline.rewrite(data, name="Dockerfile", context=directory, options=STAGES)
