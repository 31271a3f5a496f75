"""One folder a language: everything that only this language knows."""
