"""The def-use graph: who defines a path, what becomes of it, and what a step may use."""

from __future__ import annotations

import pytest
from unit.role_tables import NODE, program_of

from slimify.analysis.graph.graph import Graph, graph_of

FILE = (
    "FROM node:22",
    "WORKDIR /app",
    "COPY package.json conf/ ./",  # 0
    "RUN mkdir -p /opt/geo && npm ci && cp index.js /opt/geo/a.js && chown -R node /opt",  # 1, 2, 3, 4
    "COPY client /app/client",  # 5
    "RUN rm -rf /app/client /opt/geo/*.js && tsc -p tsconfig.json",  # 6, 7
    "COPY package.json ./",  # 8
)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    program = program_of(FILE, NODE, tmp_path_factory.mktemp("context"))
    return graph_of([step.visit for step in program.steps])


@pytest.mark.parametrize(
    ("path", "before", "makers"),
    [
        ("/etc/passwd", 8, []),
        ("/opt", 1, []),
        ("/opt/geo", 8, [1, 3]),
        ("/opt/geo/b.js", 8, []),  # mkdir makes nothing in it
        ("/opt/geo/a.js", 8, [3]),
        ("/opt/geo/*.js", 8, [3]),
        ("/app/node_modules/koa", 8, [0, 2, 7]),
        ("/app/package.json", 2, [0]),
        ("/app/client/*", 8, [0, 5, 7]),
    ],
)
def test_definitions(graph: Graph, path: str, before: int, makers: list[int]) -> None:
    at = {n.number: i for i, n in enumerate(graph.nodes)}
    assert [at[n.number] for n in graph.definitions(path, graph.nodes[before])] == makers


@pytest.mark.parametrize(
    ("path", "deleted"),
    [
        ("/app", False),
        ("/opt/geo", False),
        ("/app/client", True),
        ("/app/client/a.ts", True),
        ("@site-packages", False),
    ],
)
def test_deleted_at(graph: Graph, path: str, deleted: bool) -> None:
    assert (graph.deleted_at(path) == graph.nodes[6].number) is deleted


@pytest.mark.parametrize(
    ("node", "path", "brings"),
    [
        (0, "/app/index.js", False),
        (0, "/srv", False),
        (0, "/app/package.json", True),
        (0, "/app/site.conf", True),
        (0, "/app/*.conf", True),
        (5, "/app/client/b.ts", False),
        (5, "/app/client", True),
        (5, "/app/client/*", True),
    ],
)
def test_brings(graph: Graph, node: int, path: str, brings: bool) -> None:
    assert graph.nodes[node].brings(path) is brings


@pytest.mark.parametrize(
    ("node", "path", "uses"),
    [
        (2, "/srv/a", False),
        (2, "/app/index.js", True),
        (3, "/opt/geo/b.js", False),
        (3, "/app/index.js", True),
        (4, "/opt/geo", False),  # the owner of all that is below
        (4, "/opt", True),
        (6, "/app/client", False),  # only deletes it
        (7, "/tsconfig.json", False),
        (7, "/app/a.ts", True),
    ],
)
def test_may_use(graph: Graph, node: int, path: str, uses: bool) -> None:
    assert graph.nodes[node].may_use([path]) is uses


def test_files(graph: Graph) -> None:
    assert graph.workdirs == {"/app"}
    assert "/app/package.json" in graph.manifests
    assert graph.last_copies["/app/package.json"] == graph.nodes[8].number
