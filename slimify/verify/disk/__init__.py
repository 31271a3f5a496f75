"""Checks of the files of both images, without running them."""
