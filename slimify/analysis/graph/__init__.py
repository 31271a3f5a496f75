"""The def-use graph of a stage: what its steps define, delete and read, and what becomes of it."""
