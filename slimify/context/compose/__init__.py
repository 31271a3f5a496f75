"""Commands that Compose files, Kubernetes manifests and scripts run in the image."""
