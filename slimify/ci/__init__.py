"""The CI step that builds an image with layers kept from build to build: a new file, or edits of one."""
