"""Images as they are stored: archives, layers, ELF files, package databases. Read as streams."""
