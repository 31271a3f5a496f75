"""Analyses for tests, made by hand: the article's image, as `slimify.analyze` would describe it."""

from __future__ import annotations

from msgspec.structs import replace

from slimify.analyze.model import Analysis, Change, Cost, Efficiency, LayerView, Node, Waste

MB = 10**6


def directory(path: str, *children: Node, change: Change = "added", **values: int) -> Node:
    """A directory with what is in it, its size counted."""
    return Node(
        name=path.rpartition("/")[2],
        path=path or "/",
        kind="directory",
        change=change,
        size=sum(child.size for child in children if child.change != "removed"),
        mode=values.get("mode", 0o755),
        children=children,
    )


def file(path: str, size: int = 0, change: Change = "added", mode: int = 0o644) -> Node:
    return Node(name=path.rpartition("/")[2], path=path, kind="file", change=change, size=size, mode=mode)


def article() -> Analysis:
    """The image of the article: a base, system packages, sources, and a layer of 309 MB."""
    base = directory(
        "",
        directory("/etc", file("/etc/passwd", 1_000), file("/etc/motd", 300)),
        directory("/usr", directory("/usr/local", file("/usr/local/go.tar", 620 * MB))),
    )
    sources = directory(
        "",
        directory(
            "/srv",
            file("/srv/EconReport.pdf", 12 * MB),
            file("/srv/MediaKit.zip", 34 * MB),
            file("/srv/main.go", 4_000),
        ),
    )
    build = directory(
        "",
        directory("/etc", file("/etc/motd", change="removed"), change="modified"),
        directory(
            "/root",
            directory(
                "/root/.cache",
                directory("/root/.cache/go-build", file("/root/.cache/go-build/0", 237 * MB)),
            ),
            mode=0o700,
        ),
        directory(
            "/srv", directory("/srv/bin", file("/srv/bin/server", 72 * MB, mode=0o755)), change="modified"
        ),
    )
    merged = directory(
        "",
        directory("/etc", file("/etc/passwd", 1_000)),
        build.children[1],
        directory("/srv", *build.children[2].children, *sources.children[0].children),
        base.children[1],
    )
    layers = (
        LayerView(
            index=0,
            digest="sha256:aa",
            instruction="ADD rootfs.tar /",
            size=base.size,
            base=True,
            added=3,
            compressed=200 * MB,
        ),
        LayerView(index=1, digest="sha256:bb", instruction="COPY . .", size=sources.size, line=5, added=3),
        LayerView(
            index=2,
            digest="sha256:cc",
            instruction="RUN make build/bin/server",
            size=build.size,
            line=6,
            added=2,
            removed=1,
            hidden=300,
        ),
    )
    findings = (
        Waste(
            code="SL701",
            kind="cache",
            bytes=237 * MB,
            path="/root/.cache/go-build",
            layer=2,
            line=6,
            text="Go's build cache, which only the next build would use",
            remedy="build in a stage of its own, or run `go clean -cache` in the same step",
            safe=True,
            rewrite=True,
            count=1,
        ),
        Waste(
            code="SL720",
            kind="static",
            bytes=46 * MB,
            path="/srv/MediaKit.zip",
            layer=1,
            line=5,
            text="large files that no source names",
            remedy="serve them from elsewhere, or name them in .dockerignore",
            count=2,
            paths=("/srv/EconReport.pdf",),
        ),
    )
    return Analysis(
        name="toodle-app:d82c28d",
        size=sum(layer.size for layer in layers),
        own_size=sum(layer.size for layer in layers[1:]),
        layers=layers,
        trees=(base, sources, build),
        merged=merged,
        efficiency=Efficiency(
            score=0.99995, wasted=300, wasted_share=0.0000008, files=(("/etc/motd", 2, 300),)
        ),
        findings=findings,
        avoidable=283 * MB,
        config={"Cmd": ["/srv/bin/server"]},
        architecture="amd64",
        packages=431,
        files=6,
    )


def slimmer() -> Analysis:
    """What a rewrite would make of it."""
    whole = article()
    base = directory("", directory("/etc", file("/etc/passwd", 1_000)))
    server = directory(
        "", directory("/srv", directory("/srv/bin", file("/srv/bin/server", 72 * MB, mode=0o755)))
    )
    layers = (
        LayerView(
            index=0, digest="sha256:dd", instruction="ADD rootfs.tar /", size=1_000, base=True, added=1
        ),
        LayerView(
            index=1, digest="sha256:ee", instruction="COPY /srv/bin /srv/bin", size=72 * MB, line=12, added=1
        ),
    )
    return replace(
        whole,
        name="toodle-app:slim",
        size=72 * MB + 1_000,
        own_size=72 * MB,
        layers=layers,
        trees=(base, server),
        merged=directory("", *base.children, *server.children),
        efficiency=Efficiency(score=1.0, wasted=0, wasted_share=0.0),
        findings=(),
        avoidable=0,
        packages=0,
        files=2,
    )


def with_cost(analysis: Analysis, replicas: int, nodes: int) -> Analysis:
    cost = Cost(replicas=replicas, nodes=nodes, pulled=analysis.size * nodes, stored=analysis.size * nodes)
    return replace(analysis, cost=cost)
