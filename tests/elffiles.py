"""Small ELF files made by hand."""

from __future__ import annotations

import struct
from dataclasses import dataclass

LOAD, DYNAMIC, INTERP = 1, 2, 3
EXEC, DYN = 2, 3


@dataclass
class Maker:
    """Generates a small ELF file: headers, one segment, strings and a dynamic section."""

    wide: bool = True
    little: bool = True
    kind: int = DYN
    machine: int = 62
    interpreter: str = ""
    needed: tuple[str, ...] = ()
    soname: str = ""
    rpath: str = ""
    runpath: str = ""
    versions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    flags: int = 0
    address: int = 0x10000

    def pack(self, form: str, *values: int) -> bytes:
        return struct.pack(("<" if self.little else ">") + form, *values)

    def bytes(self) -> bytes:
        strings = bytearray(b"\0")

        def string(text: str) -> int:
            strings.extend(text.encode() + b"\0")
            return len(strings) - len(text) - 1

        dynamic = [(1, string(name)) for name in self.needed]
        dynamic += [(14, string(self.soname))] if self.soname else []
        dynamic += [(15, string(self.rpath))] if self.rpath else []
        dynamic += [(29, string(self.runpath))] if self.runpath else []
        dynamic += [(0x6FFFFFFB, self.flags)] if self.flags else []
        needs = self._needs(string)
        word = "Q" if self.wide else "I"
        head = 64 + 3 * 56 if self.wide else 52 + 3 * 32
        interp_at = head
        strings_at = interp_at + len(self.interpreter) + 1
        needs_at = strings_at + len(strings)
        dynamic_at = needs_at + len(needs)
        dynamic += [(5, self.address + strings_at)]
        dynamic += [(0x6FFFFFFE, self.address + needs_at), (0x6FFFFFFF, len(self.versions))] if needs else []
        section = b"".join(self.pack(2 * word, *pair) for pair in (*dynamic, (0, 0)))
        end = dynamic_at + len(section)
        has_dynamic = bool(self.needed or self.soname or self.rpath or self.runpath or self.flags or needs)
        segments = [(LOAD, 0, end)]
        segments += [(INTERP, interp_at, len(self.interpreter) + 1)] if self.interpreter else []
        segments += [(DYNAMIC, dynamic_at, len(section))] if has_dynamic else []
        body = bytearray(self._header(len(segments)))
        body += b"".join(self._segment(*segment) for segment in segments)
        body += bytes(head - len(body)) + self.interpreter.encode() + b"\0" + strings + needs + section
        return bytes(body)

    def _needs(self, string: object) -> bytes:
        out = b""
        for index, (library, names) in enumerate(self.versions):
            step = 0 if index == len(self.versions) - 1 else 16 + 16 * len(names)
            out += self.pack("HHIII", 1, len(names), string(library), 16, step)  # type: ignore[operator]
            for place, name in enumerate(names):
                more = 16 if place < len(names) - 1 else 0
                out += self.pack("IHHII", 0, 0, 2, string(name), more)  # type: ignore[operator]
        return out

    def _header(self, count: int) -> bytes:
        start = b"\x7fELF" + bytes([2 if self.wide else 1, 1 if self.little else 2, 1]) + bytes(9)
        size, each = (64, 56) if self.wide else (52, 32)
        form = "HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH"
        return start + self.pack(form, self.kind, self.machine, 1, 0, size, 0, 0, size, each, count, 0, 0, 0)

    def _segment(self, kind: int, offset: int, length: int) -> bytes:
        address = self.address + offset
        if self.wide:
            return self.pack("IIQQQQQQ", kind, 5, offset, address, address, length, length, 8)
        return self.pack("IIIIIIII", kind, offset, address, address, length, length, 5, 8)
