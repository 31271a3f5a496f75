"""Program -> Plan: the stages and instructions of the new file, before any text exists."""
