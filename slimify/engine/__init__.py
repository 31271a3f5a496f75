"""Container engines: docker with buildx, docker, podman, buildah, each as a subprocess."""
