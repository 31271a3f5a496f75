"""What the manifests of a build context say: one module per ecosystem, and none raises for a bad file."""

from __future__ import annotations

from slimify.context.manifests.gomod import GoModule, go_module
from slimify.context.manifests.node import NodeProject, node_project
from slimify.context.manifests.node_lock import LockedPackage, lock_packages, providers
from slimify.context.manifests.python import PythonProject, python_project
from slimify.context.manifests.requirements import Requirement, requirements
from slimify.context.manifests.run import run_commands

__all__ = [
    "GoModule",
    "LockedPackage",
    "NodeProject",
    "PythonProject",
    "Requirement",
    "go_module",
    "lock_packages",
    "node_project",
    "providers",
    "python_project",
    "requirements",
    "run_commands",
]
