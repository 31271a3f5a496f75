"""Go."""

from slimify.languages.base import Language

LANGUAGE = Language(
    name="go",
    title="Go",
    package=__name__,
    project_files=("go.mod", "Gopkg.toml", "glide.yaml", "main.go"),
    source_suffixes=(".go",),
    image_names=("golang",),
    compiler_files=(
        r"(?:^|/)(?:vendor|Godeps|testdata)(?:/|$)|\.(?:go|proto|s|c|h|cc|cpp|rl|mod|sum|work)$"
        r"|(?:^|/)(?:Gopkg\.(?:toml|lock)|glide\.(?:yaml|lock)|Makefile|go\.work\.sum)$"
    ),
    is_compiled=True,
    quoted_imports=r'(?m)^\s*(?:import\s+)?(?:[\w.]+\s+)?"[\w./-]+"\s*$',
    excluded_sources=r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.go$",
    managers=("go",),
    versioned_programs=("go",),
    program="go",
    version_file="/usr/local/go/VERSION",
    version_pattern=r"(?m)^go(\d+(?:\.\d+)*)",
    version_variable="GOLANG_VERSION",
    lock_files=("go.sum",),
)
