"""Reads image archives as streams: layers, ELF files and package databases."""
