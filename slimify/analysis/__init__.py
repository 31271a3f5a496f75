"""Classifies the steps of a Dockerfile into a labelled `Program`: runtime needs, roles, packages,
contract."""
