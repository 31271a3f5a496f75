"""The values that travel from phase to phase.

Every phase is a plain function from one of these types to the next:

    bytes -> Dockerfile;  directory -> Context;  both -> Program -> Plan(s) -> text -> Outcome

All of them are frozen; sequences are tuples. Text read from a Dockerfile is `str` decoded as
UTF-8 with `surrogateescape`, so that any byte survives. Lines are 1-based, offsets 0-based.
"""
