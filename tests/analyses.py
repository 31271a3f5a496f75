"""Analyses made by hand: an image like that of a web service, small, large or hostile."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from slimify.analyze.model import Analysis, Change, Cost, Efficiency, LayerView, Node, Waste

# Layer → path → size; None takes the path away.
Changes = Mapping[str, int | None]


@dataclass
class _Folder:
    files: dict[str, Node] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)


def tree(entries: Iterable[tuple[str, Node]]) -> Node:
    """Nodes at their paths, with the directories above them."""
    root = _Folder()
    for path, node in entries:
        *above, name = path.strip("/").split("/")
        folder = root
        for part in above:
            folder = folder.folders.setdefault(part, _Folder())
        folder.files[name] = node
    return _directory("/", "/", root)


def _directory(name: str, path: str, folder: _Folder) -> Node:
    start = path if path.endswith("/") else path + "/"
    below = [_directory(part, start + part, inner) for part, inner in folder.folders.items()]
    children = tuple(sorted([*below, *folder.files.values()], key=lambda node: node.name))
    total = sum(child.size for child in children if child.change != "removed")
    return Node(
        name=name, path=path, kind="directory", change="added", size=total, mode=0o755, children=children
    )


def file(path: str, size: int, change: Change = "added", **values: object) -> Node:
    return Node(
        name=path.rsplit("/", 1)[1], path=path, kind="file", change=change, size=size, mode=0o644, **values
    )  # type: ignore[arg-type]


def image(
    name: str, layers: Iterable[tuple[str, bool, Changes]], findings: Iterable[Waste] = (), **values: object
) -> Analysis:
    """An analysis of layers of (instruction, from the base image, changes)."""
    seen: dict[str, Node] = {}
    views, trees, wasted = [], [], 0
    for index, (instruction, base, changes) in enumerate(layers):
        nodes, counts, hidden = [], {"added": 0, "modified": 0, "removed": 0}, 0
        for path, number in changes.items():
            old = seen.get(path)
            change: Change = "removed" if number is None else "modified" if old else "added"
            hidden += old.size if old else 0
            counts[change] += 1
            node = file(path, old.size if number is None and old else number or 0, change)
            nodes.append((path, node))
            if number is None:
                seen.pop(path, None)
            else:
                seen[path] = node
        wasted += hidden
        trees.append(tree(nodes))
        size = sum(number or 0 for number in changes.values())
        line = None if base else index + 2
        view = LayerView(
            index=index, digest=f"sha256:{index:064x}", instruction=instruction, size=size, line=line
        )
        views.append(replace(view, base=base, hidden=hidden, **counts))
    size = sum(view.size for view in views)
    own = sum(view.size for view in views if not view.base)
    found = tuple(findings)
    return Analysis(
        name=name,
        size=size,
        own_size=own,
        layers=tuple(views),
        trees=tuple(trees),
        merged=tree(seen.items()),
        efficiency=Efficiency(
            score=1 - wasted / size if size else 1,
            wasted=wasted,
            wasted_share=wasted / own if own else 0,
            files=(("/var/cache/debconf/templates.dat", 3, wasted),) if wasted else (),
        ),
        findings=found,
        avoidable=min(size, sum(finding.bytes for finding in found)),
        architecture="amd64",
        packages=431,
        files=len(seen),
        **values,  # type: ignore[arg-type]
    )


def _many(top: str, number: int, total: int, draw: random.Random, names: str) -> dict[str, int]:
    """`number` files of about `total` bytes together, most of them small, a few large."""
    words = names.split()
    weights = [draw.paretovariate(1.1) for _ in range(number)]
    scale = total / sum(weights)
    paths = {}
    for at, weight in enumerate(weights):
        folder = "/".join(draw.choice(words) for _ in range(1 + at % 4))
        paths[f"{top}/{folder}/{draw.choice(words)}-{at}.o"] = int(weight * scale)
    return paths


def service(entries: int = 4000) -> Analysis:
    """A single-stage image of a Go service with a page, 1.32 GB, as the article about it has."""
    draw = random.Random(1)
    part = entries // 20
    debian = _many(
        "/usr/lib/x86_64-linux-gnu", part * 3, 90_000_000, draw, "gcc perl python3 gconv dri security"
    )
    debian |= _many("/usr/share", part * 4, 30_000_000, draw, "doc man locale zoneinfo perl info icons")
    debian |= {"/usr/bin/perl": 3_800_000, "/var/cache/debconf/templates.dat": 700_000, "/etc/passwd": 900}
    tools = _many("/usr/lib/gcc", part, 190_000_000, draw, "x86_64-linux-gnu 12 plugin include finclude")
    tools |= _many("/usr/include", part * 2, 20_000_000, draw, "linux asm c++ 12 bits sys net openssl")
    tools |= {
        "/var/cache/debconf/templates.dat": 710_000,
        "/var/lib/apt/lists/deb.debian.org_main": 44_000_000,
    }
    go = _many(
        "/usr/local/go", part * 3, 390_000_000, draw, "src pkg tool linux_amd64 cmd internal net crypto test"
    )
    sources = _many("/app/static", part, 14_000_000, draw, "js css img fonts vendor")
    sources |= {
        "/app/static/manual.pdf": 41_000_000,
        "/app/static/press-kit.zip": 21_000_000,
        "/app/.npmrc": 90,
    }
    sources |= _many("/app/.git/objects", part, 18_000_000, draw, "0a 1b 2c 3d 4e pack")
    modules = _many(
        "/go/pkg/mod", part * 2, 96_000_000, draw, "github.com golang.org aws k8s.io api v2 internal"
    )
    built = _many("/root/.cache/go-build", part * 3, 237_000_000, draw, "00 1f 2e 3d 4c 5b 6a 79")
    built |= {"/app/build/bin/server": 61_000_000, "/etc/passwd": 950}
    return image(
        "example.org/shop/web:1.4",
        [
            ("ADD rootfs.tar.xz / # buildkit", True, debian),
            (
                "RUN set -eux; apt-get update; apt-get install -y --no-install-recommends gcc g++ make",
                True,
                tools,
            ),
            ("COPY /target/ / # buildkit", True, go),
            ("WORKDIR /app", False, {}),
            ("COPY . .", False, sources),
            ("RUN go mod download", False, modules),
            ("RUN make build/bin/server", False, built),
            (
                "RUN rm -rf /app/.git /var/lib/apt/lists/*",
                False,
                _removed(sources, "/app/.git") | _removed(tools, "/var/lib"),
            ),
        ],
        _service_findings(),
        cost=Cost(replicas=268, nodes=40, pulled=52_800_000_000, stored=52_800_000_000),
        warnings=("the Dockerfile fits the history, but for its first two instructions",),
    )


def _removed(paths: Iterable[str], top: str) -> dict[str, int | None]:
    return {path: None for path in paths if path.startswith(top + "/")}


def _service_findings() -> list[Waste]:
    def waste(
        code: str, kind: str, number: int, path: str, layer: int, text: str, remedy: str, **values: object
    ) -> Waste:
        return Waste(
            code=code, kind=kind, bytes=number, path=path, layer=layer, text=text, remedy=remedy, **values
        )  # type: ignore[arg-type]

    return [
        waste(
            "SL701",
            "cache",
            237_000_000,
            "/root/.cache/go-build",
            6,
            "Go's build cache: nothing reads it once the program is built.",
            "Build in a stage of its own, or mount a cache there.",
            line=8,
            safe=True,
            rewrite=True,
            count=600,
        ),
        waste(
            "SL702",
            "cache",
            96_000_000,
            "/go/pkg/mod",
            5,
            "Downloaded modules: the program has what it needs of them.",
            "Build in a stage of its own.",
            line=7,
            safe=True,
            rewrite=True,
            count=400,
        ),
        waste(
            "SL710",
            "toolchain",
            390_000_000,
            "/usr/local/go",
            2,
            "The Go toolchain: the program doesn't call it.",
            "Copy the program to a small base image.",
            safe=True,
            rewrite=True,
            base=True,
        ),
        waste(
            "SL711",
            "toolchain",
            190_000_000,
            "/usr/lib/gcc",
            1,
            "Compilers and their parts.",
            "Copy the program to a small base image.",
            base=True,
            count=14,
            paths=("/usr/include", "/usr/bin/x86_64-linux-gnu-gcc-12"),
        ),
        waste(
            "SL720",
            "static",
            62_000_000,
            "/app/static/manual.pdf",
            4,
            "Large files that no source names.",
            "Serve them from elsewhere, or name them in .dockerignore.",
            line=6,
            count=2,
            paths=("/app/static/press-kit.zip",),
        ),
        waste(
            "SL703",
            "cache",
            44_000_000,
            "/var/lib/apt/lists",
            1,
            "Package lists, deleted in a layer of their own.",
            "Delete them in the RUN that made them.",
            safe=True,
            base=True,
        ),
        waste(
            "SL730",
            "deleted",
            18_000_000,
            "/app/.git",
            4,
            "Deleted by layer 7, but layer 4 still has it.",
            "Name .git in .dockerignore.",
            line=6,
            safe=True,
            count=200,
        ),
        waste(
            "SL740",
            "secret",
            90,
            "/app/.npmrc",
            4,
            "A token for a package registry (TOKEN=hunter2hunter2).",
            "Mount it as a secret, and revoke it.",
            line=6,
        ),
        waste(
            "SL750",
            "debug",
            21_000_000,
            "/app/build/bin/server",
            6,
            "Symbol table and debugging sections.",
            "Link with -ldflags='-s -w'.",
            line=8,
            rewrite=True,
        ),
    ]


def rewritten() -> Analysis:
    """The same service as a static program on a small base."""
    return image(
        "example.org/shop/web:1.5",
        [
            (
                "ADD rootfs.tar / # buildkit",
                True,
                {
                    "/etc/passwd": 950,
                    "/etc/ssl/certs/ca-certificates.crt": 220_000,
                    "/usr/share/zoneinfo/tzdata.zi": 1_700_000,
                },
            ),
            (
                "COPY --from=build /app/static /app/static",
                False,
                {"/app/static/js/app-1.o": 9_000_000, "/app/static/manual.pdf": 41_000_000},
            ),
            (
                "COPY --from=build /app/build/bin/server /app/build/bin/server",
                False,
                {"/app/build/bin/server": 40_000_000},
            ),
        ],
        [
            Waste(
                code="SL720",
                kind="static",
                bytes=41_000_000,
                path="/app/static/manual.pdf",
                layer=1,
                text="A large file that no source names.",
                remedy="Serve it from elsewhere.",
                line=12,
            )
        ],
        cost=Cost(replicas=268, nodes=40, pulled=3_700_000_000, stored=3_700_000_000),
    )


def hostile(names: Iterable[str]) -> Analysis:
    """An image whose files have these names, in a directory for each of them."""
    paths = {f"/{name}/{name}": 1000 + at for at, name in enumerate(names)}
    findings = [
        Waste(
            code="SL701", kind="cache", bytes=size, path=path, layer=0, text=path, remedy=path, paths=(path,)
        )
        for path, size in paths.items()
    ]
    base = image("".join(paths), [("".join(paths), False, paths)], findings)
    return replace(base, warnings=tuple(paths), architecture="".join(paths))
