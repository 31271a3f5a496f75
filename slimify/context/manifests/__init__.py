"""What the manifests of a build context say: one module per ecosystem, and none raises for a bad file.

Nothing is imported here: a Go project has no use for the readers of the others.
"""
