"""What `check` finds: Dockerfiles that could give a smaller image, each with a place and an identity."""
