"""The static proof of a plan and its text, made on every real run."""
