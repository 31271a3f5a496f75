"""slimify: turn a single-stage Dockerfile into a multi-stage one that does the same job."""

__version__ = "0.1.0"
