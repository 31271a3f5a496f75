"""Files that hold nothing but packages for a later install, as the wheels that an earlier stage makes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from slimify.analysis.program import RuntimeNeeds
from slimify.languages import of_effect
from slimify.model.effects import Effect
from slimify.semantics.machine.content import content_at, copied_places
from slimify.semantics.machine.stages import Event, Stage
from slimify.semantics.paths import overlap


def package_files(stage: Stage, needs: RuntimeNeeds) -> Mapping[str, Sequence[Event]]:
    """The image paths to which COPY brings such files from another stage, and that run time does not name,
    each with the commands that made them."""
    made = {event.origin: event for source in stage.sources for event in source.own}
    found: dict[str, Sequence[Event]] = {}
    for copy in (event.copy for event in stage.own):
        if copy is None or copy.stage is None or copy.target is None:
            continue
        for place, source, _ in copied_places(copy):
            origins = [o for o in content_at(copy.stage, source).origins if o.kind != "directory"]
            makers = [made[o] for o in origins] if made.keys() >= {*origins} else []
            files = copy.stage.end.view.under(source)
            if _are_packages(makers, files) and not _is_named(place, stage, needs):
                found[place] = makers
    return found


def _are_packages(makers: Sequence[Event], files: Sequence[str]) -> bool:
    """Whether packages, directories for them and manifests are all that some commands make, and all of some
    files that are copied."""
    packing = [effect for event in makers for effect in event.effects if packs(effect)]
    alone = all(any(packs(e) or e.tool == "mkdir" for e in event.effects) for event in makers)
    parts = [own.packages for own in map(of_effect, packing) if own is not None and own.packages is not None]
    return bool(packing) and alone and all(any(re.search(p.manifests, f) for p in parts) for f in files)


def packs(effect: Effect) -> bool:
    """Whether it makes files that an install takes packages from."""
    own = of_effect(effect)
    return own is not None and effect.action in own.packs


def _is_named(place: str, stage: Stage, needs: RuntimeNeeds) -> bool:
    paths = (*needs.paths, *(use.name for use in needs.sources.paths))
    values = (value for value in stage.end.env.values() if value)
    return any(overlap(place, path) for path in paths) or any(place in value for value in values)
