"""What a number of containers moves over the network and stores."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analyze.model import Cost, LayerView


def cost(layers: Sequence[LayerView], replicas: int, nodes: int) -> Cost | None:
    """Bytes for one roll-out and on all nodes; None where neither number is given.

    A node pulls and stores a layer once, however many containers run on it, so a roll-out to
    `replicas` containers on at most that many `nodes` (0: one each, the worst case) pulls what the
    Dockerfile added once for each node: the base image's layers are there from the release before,
    and from other images. What is pulled is compressed where its compressed size is known; what is
    stored are the files, with the base once for each node.
    """
    if replicas <= 0 and nodes <= 0:
        return None
    machines = min(nodes, replicas) if nodes > 0 and replicas > 0 else max(nodes, replicas)
    pulled = sum(
        layer.compressed if layer.compressed is not None else layer.size for layer in layers if not layer.base
    )
    return Cost(
        replicas=replicas,
        nodes=machines,
        pulled=machines * pulled,
        stored=machines * sum(layer.size for layer in layers),
    )
