"""Program -> Plan: the stages and steps of the new file, before any text exists."""
