"""The build context: what lies in it, what its manifests say, what its sources need at run time."""
