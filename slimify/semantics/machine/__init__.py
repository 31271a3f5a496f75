"""The abstract machine: what the stages of a Dockerfile do to the file system.

`execute` runs every stage of a file, the user's or a new one, with the interpreter of `semantics.walk` and
returns a `Machine`. `content_at` answers what a path holds at any point of a stage. Equal `Origin`s in two
machines stand for the same step, so that both can be compared.
"""
