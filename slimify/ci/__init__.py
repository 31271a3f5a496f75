"""CI steps that build an image with cached layers: a new CI file, or edits of an existing one."""
