"""From what the steps do to a labelled `Program`: roots, roles, packages, contract."""
