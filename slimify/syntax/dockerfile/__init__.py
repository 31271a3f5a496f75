"""A Dockerfile parser that follows BuildKit and round-trips every byte."""
