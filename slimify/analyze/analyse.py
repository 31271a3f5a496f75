"""An image → what it is made of, where it came from, and what of it nobody needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from slimify.analyze import dive, layers, trees
from slimify.analyze.cost import cost
from slimify.analyze.image_inputs import Sight, is_source
from slimify.analyze.masks import without_secrets
from slimify.analyze.model import Analysis, LayerView
from slimify.analyze.programs import is_script
from slimify.analyze.sums import avoidable
from slimify.analyze.waste.search import search
from slimify.analyze.waste.secrets import is_suspect
from slimify.context.scan import scan
from slimify.image.model import Image
from slimify.image.packages import is_database
from slimify.languages import languages

_WANTED = frozenset({
    "/etc/passwd", "/etc/os-release", "/usr/lib/os-release", "/etc/apk/world", "/var/lib/apt/extended_states",
})  # fmt: skip


TOO_MUCH: Final = (
    "The sources in the image are too many to be looked through: packages, development dependencies and "
    "static files that nothing names are not looked for."
)


def _is_wanted(path: str) -> bool:
    if path in _WANTED:
        return True
    return any(wants(path) for wants in (is_database, is_script, _is_manifest, is_source, is_suspect))


def _is_manifest(path: str) -> bool:
    parts = (known.installed_packages for known in languages())
    return any(part is not None and part.is_manifest(path) for part in parts)


# Whether `analyse` needs the content of a file: the `keep` of slimify.image.archive.read. Apart from it
# the reader should take digests, for files that are stored twice, and look into ELF files.
KEEP: Final[Callable[[str], bool]] = _is_wanted


def analyse(
    image: Image,
    *,
    name: str,
    dockerfile: bytes | None = None,
    dockerfile_name: str = "",
    context: Path | None = None,
    replicas: int = 0,
    nodes: int = 0,
) -> Analysis:
    """All that is said about an image.

    `name` is what to call it, `dockerfile` the text it was built from, `context` the directory of
    its build context, `replicas` and `nodes` how many containers run it on how many machines (0: no
    cost is worked out). Sizes are bytes. Raises SlimifyError for a Dockerfile that can't be read.
    """
    origin = layers.origin(image, dockerfile, dockerfile_name or "Dockerfile")
    own, counts, merged = trees.build(image.layers)
    views = tuple(
        LayerView(
            index=index,
            digest=layer.digest,
            instruction=origin.instructions[index],
            size=layer.size,
            compressed=layer.compressed,
            line=origin.lines.get(index),
            base=index < origin.first_own,
            added=counts[index].added,
            modified=counts[index].modified,
            removed=counts[index].removed,
            hidden=counts[index].hidden,
        )
        for index, layer in enumerate(image.layers)
    )
    sight = Sight(image=image, origin=origin, context=scan(context) if context else None)
    found = search(sight)
    sizes = {
        (entry.path, index): entry.size for index, layer in enumerate(image.layers) for entry in layer.entries
    }
    return Analysis(
        name=name,
        size=sum(view.size for view in views),
        own=sum(view.size for view in views if not view.base),
        layers=views,
        trees=own,
        merged=merged,
        efficiency=dive.efficiency(image.layers),
        findings=tuple(item.waste for item in found),
        avoidable=avoidable((claim for item in found for claim in item.claims), sizes),
        cost=cost(views, replicas, nodes),
        config=without_secrets(image.config),
        architecture=image.architecture,
        packages=len(sight.packages.installed),
        files=sum(node.kind != "directory" for node in trees.walk(merged)),
        warnings=(*origin.warnings, *(() if sight.readable else (TOO_MUCH,))),
    )
