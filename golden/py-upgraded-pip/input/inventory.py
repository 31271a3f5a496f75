"""Prints what is installed; a distribution that is there twice is an error."""

from collections import Counter
from importlib import metadata

found = Counter(dist.metadata["Name"].lower() for dist in metadata.distributions())
for name in ("jinja2", "pip", "setuptools"):
    print(name, metadata.version(name))
print("each once" if set(found.values()) == {1} else f"twice: {found}")
