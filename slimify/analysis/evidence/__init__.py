"""What an image that was built from the Dockerfile shows of it."""
