"""Plain Ruby, as a distribution of its own would bring it: slimify itself knows nothing of this folder."""

from slimify.languages.base import Language

LANGUAGE = Language(
    name="ruby",
    title="Ruby",
    package=__name__,
    project_files=("Gemfile",),
    source_suffixes=(".rb", ".ru"),
    start_words=("ruby", "bundle", "rackup", "puma"),
    interpreters=("ruby",),
    program="ruby",
    managers=("bundler", "gem"),
    lock_files=("Gemfile.lock",),
    runtime_manifests=("Gemfile", "Gemfile.lock"),  # `bundle exec` reads both
    excluded_sources=r"(?:^|/)vendor/bundle/",
)
