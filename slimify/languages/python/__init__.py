"""Python."""

from slimify.languages.base import Language

LANGUAGE = Language(
    name="python",
    title="Python",
    package=__name__,
    project_files=("requirements.txt", "pyproject.toml", "setup.py", "Pipfile"),
    source_suffixes=(".py",),
    start_words=("python", "gunicorn", "uvicorn", "celery", "flask"),
    interpreters=("python3", "python", "python2"),
    installs_on_path=True,
    excluded_sources=(
        r"(?:^|/)(?:site-packages|\.venv|venv)/|"
        r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.py$|(?:^|/)conftest\.py$"
    ),
    always_read=True,
    install_directories=("site-packages",),
    lean_options=(
        "--no-cache-dir",
        "--no-cache",
        "--only main",
        "--no-dev",
        "--no-default-groups",
        "--prod",
        "--dev",
    ),
    prepares=("venv",),
    packs=("wheel", "download"),
    places={
        "@site-packages": (
            r"(?P<prefix>/usr|/usr/local|/opt/.+?)"
            r"(?:/lib(?:/(?:pypy|python)[\d.]+(?:/(?:site|dist)-packages)?)?)?"
        ),
        "@bin": r"(?P<prefix>/usr|/usr/local|/opt/.+?)(?:/bin(?:/[^/]+)?)?",
        "@share": r"(?P<prefix>/usr|/usr/local|/opt/.+?)(?:/share)?",
        "@etc": r"(?P<prefix>/usr|/usr/local|/opt/.+?)(?:/etc)?",
        "@lib": r"(?P<prefix>/usr|/usr/local|/opt/.+?)(?:/lib)?",
        "@prefix": r"(?P<prefix>/usr|/usr/local|/opt/.+)",
    },
    managers=("pip", "pipenv", "poetry", "uv", "pdm", "conda"),
    installers=("pip", "setuptools", "wheel", "pipenv", "poetry", "virtualenv"),
    program="python3",
    version_pattern=r"(?m)python(3\.\d+)$",
    version_variable="PYTHON_VERSION",
    versioned_programs=("python", "pip", "pypy", "easy_install", "virtualenv"),
)
