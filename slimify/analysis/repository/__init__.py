"""What files of the repository do with the image: they build it, run commands in it, copy files out of it."""
