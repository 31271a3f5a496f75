"""Many repositories: which Dockerfiles they hold, one row each, over processes, resumable."""
