"""Commands that compose files, Kubernetes manifests and scripts run inside the image."""
