"""Facts about web servers and programs that start others: process managers, schedulers, login programs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from msgspec import Struct

from slimify.facts import among, listed, load, program_among, records, words
from slimify.languages import languages

_FILE = "servers.toml"


drops_root = program_among(_FILE, "starters", "drop_root")  # and runs its workers as another user
sets_path = program_among(_FILE, "starters", "own_path")  # it starts others with its own PATH
is_command_key = among(_FILE, "commands", "keys")  # its value in such a configuration is a command line
document_roots = listed(_FILE, "web", "roots")  # the directories that web servers serve by default
path_directives = listed(_FILE, "web", "directives")  # their directives whose values are paths
configuration_directories = listed(_FILE, "web", "configured")  # where they look for their configuration
served_names = listed(_FILE, "web", "served")  # the directory names that frameworks serve by default
command_directories = listed(_FILE, "commands", "directories")  # in an image: each file holds command lines
script_directories = listed(_FILE, "commands", "scripts")  # with the scripts of services and hooks
starts_every_service = among(_FILE, "services", "every")  # a path: of those that are enabled
unit_endings = listed(_FILE, "services", "endings")  # of files that describe services
_serves_files = program_among(_FILE, "web", "files")
_runs_modules = program_among(_FILE, "web", "modules")


def is_web_server(word: str) -> bool:
    """Whether a program is a web server that serves files from configured directories."""
    return _serves_files(word) or _runs_modules(word)


def serves_only_files(word: str) -> bool:
    """Whether a program serves files and never executes application code, not even through a module."""
    return _serves_files(word) or word.rpartition("/")[2] in _static()


@cache
def _static() -> tuple[str, ...]:
    texts = (known.facts("servers.toml").get("static", "") for known in languages())
    return tuple(word for text in texts for word in text.split())


def holds_commands(path: str) -> bool:
    """Whether a configuration file contains command lines that a process manager or cron starts."""
    name = path.rpartition("/")[2]
    if name in words(_FILE, "commands", "files") or name.endswith(words(_FILE, "commands", "endings")):
        return True
    return "supervisor" in path and path.endswith((".conf", ".ini"))


class ServiceManager(Struct, frozen=True, kw_only=True):
    """How a program is told the names of services: behind an `action`, and options of which `valued` take a
    value."""

    action: bool = False
    valued: str = ""


@cache
def service_managers() -> Mapping[str, ServiceManager]:
    """The programs that start services by name."""
    return {name: records(row, ServiceManager) for name, row in load(_FILE)["services"]["managers"].items()}


def init_script(service: str) -> str:
    """The path of the init script of a service."""
    return f"{load(_FILE)['services']['directory']}/{service}"


def names_of_packages(service: str) -> tuple[str, ...]:
    """The names that a package of a service may begin with."""
    return (service, *load(_FILE)["services"]["packages"].get(service, "").split())
