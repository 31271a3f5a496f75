"""slimify: turn a single-stage Dockerfile into a multi-stage one that does the same job."""
