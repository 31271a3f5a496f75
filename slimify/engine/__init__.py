"""Drives container engines as subprocesses: docker with buildx, docker, podman and buildah."""
