"""Prints the checksum of a few words."""

import crcmod.predefined
from crcmod import _crcfunext

crc = crcmod.predefined.mkPredefinedCrcFun("crc-32")
print(f"{crc(b'a ship in the harbour'):08x}", _crcfunext.__name__)
