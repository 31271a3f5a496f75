"""The values that pass from one phase to the next.

Every phase is a plain function from one of these types to the next:

    bytes -> Dockerfile;  directory -> Context;  both -> Program -> Plan(s) -> text -> Outcome

All of them are frozen, and sequences are tuples. Text from a Dockerfile is `str`, decoded as UTF-8 with
`surrogateescape`, so every byte survives a round trip. Line numbers are 1-based, offsets 0-based.
"""
