"""Two Dockerfiles and the script between them -> one plan."""
