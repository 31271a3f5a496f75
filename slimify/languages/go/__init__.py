"""Go."""

from slimify.languages.base import Language

LANGUAGE = Language(
    name="go",
    title="Go",
    package=__name__,
    markers=("go.mod", "Gopkg.toml", "glide.yaml", "main.go"),
    endings=(".go",),
    image_names=("golang",),
    compiled=True,
    quoted_imports=r'(?m)^\s*(?:import\s+)?(?:[\w.]+\s+)?"[\w./-]+"\s*$',
    no_sources=r"(?:^|/)(?:test_[^/]*|[^/]*_test)\.go$",
    managers=("go",),
    commands={
        "commands.go": "garble go go1 gofmt gofumpt goimports protoc richgo tinygo xx-go",
        "commands.go_wrapper": "go-wrapper",
    },
    versioned=("go",),
    program="go",
    version_file="/usr/local/go/VERSION",
    lock_files=("go.sum",),
)
