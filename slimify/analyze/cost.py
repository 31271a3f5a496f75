"""Calculates the network traffic and storage that an image causes in a cluster."""

from __future__ import annotations

from collections.abc import Sequence

from slimify.analyze.model import Cost, LayerView


def cost(layers: Sequence[LayerView], replicas: int, nodes: int) -> Cost | None:
    """The bytes that one roll-out pulls, and that all nodes store; None if neither number is given.

    A node pulls and stores a layer once, regardless of the number of containers. A roll-out to `replicas`
    containers on `nodes` machines (0: one container each, the worst case) pulls the layers above the base
    image once for each node: the base image is there from the previous release. Pulled bytes are compressed
    if the compressed size is known; stored bytes include the base image.
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
