"""The words of Python's tools in `Effect.action` and `Effect.manager` that code of this folder asks for."""

from __future__ import annotations

from enum import StrEnum


class PythonManager(StrEnum):
    """Installers, as effects name them."""

    PIP = "pip"
    PIPENV = "pipenv"
    POETRY = "poetry"
    PDM = "pdm"
    UV = "uv"
    CONDA = "conda"


class PythonAction(StrEnum):
    """Subcommands of installers."""

    ADD = "add"
    ENSUREPIP = "ensurepip"
    INSTALL = "install"
    PYTHON_INSTALL = "python install"
    SYNC = "sync"
    UPDATE = "update"
    VENV = "venv"
