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
    defines: tuple[str, ...] = ()
    symbols: int = 0  # bytes of a symbol table, in wide files
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
        defines = self._defines(string)
        word = "Q" if self.wide else "I"
        head = 64 + 3 * 56 if self.wide else 52 + 3 * 32
        interp_at = head
        strings_at = interp_at + len(self.interpreter) + 1
        needs_at = strings_at + len(strings)
        defines_at = needs_at + len(needs)
        dynamic_at = defines_at + len(defines)
        dynamic += [(5, self.address + strings_at)]
        dynamic += [(0x6FFFFFFE, self.address + needs_at), (0x6FFFFFFF, len(self.versions))] if needs else []
        dynamic += (
            [(0x6FFFFFFC, self.address + defines_at), (0x6FFFFFFD, len(self.defines))] if defines else []
        )
        section = b"".join(self.pack(2 * word, *pair) for pair in (*dynamic, (0, 0)))
        end = dynamic_at + len(section)
        has_dynamic = bool(
            self.needed or self.soname or self.rpath or self.runpath or self.flags or needs or defines
        )
        segments = [(LOAD, 0, end)]
        segments += [(INTERP, interp_at, len(self.interpreter) + 1)] if self.interpreter else []
        segments += [(DYNAMIC, dynamic_at, len(section))] if has_dynamic else []
        body = bytearray(self._header(len(segments), end if self.symbols else 0))
        body += b"".join(self._segment(*segment) for segment in segments)
        body += (
            bytes(head - len(body)) + self.interpreter.encode() + b"\0" + strings + needs + defines + section
        )
        return bytes(body) + self._sections(end)

    def _sections(self, end: int) -> bytes:
        """The headers of sections, the symbol table and the names of both, at the end of the file."""
        if not self.symbols:
            return b""
        names, at = b"\0.symtab\0.shstrtab\0", end + 3 * 64
        rows = ((0, 0, 0, 0), (1, 2, at, self.symbols), (9, 3, at + self.symbols, len(names)))
        heads = (
            self.pack("IIQQQQIIQQ", name, kind, 0, 0, start, size, 0, 0, 1, 0)
            for name, kind, start, size in rows
        )
        return b"".join(heads) + bytes(self.symbols) + names

    def _needs(self, string: object) -> bytes:
        out = b""
        for index, (library, names) in enumerate(self.versions):
            step = 0 if index == len(self.versions) - 1 else 16 + 16 * len(names)
            out += self.pack("HHIII", 1, len(names), string(library), 16, step)  # type: ignore[operator]
            for place, name in enumerate(names):
                more = 16 if place < len(names) - 1 else 0
                out += self.pack("IHHII", 0, 0, 2, string(name), more)  # type: ignore[operator]
        return out

    def _defines(self, string: object) -> bytes:
        last = len(self.defines) - 1
        return b"".join(
            self.pack("HHHHIIIII", 1, 0, 2, 1, 0, 20, 28 if index < last else 0, string(name), 0)  # type: ignore[operator]
            for index, name in enumerate(self.defines)
        )

    def _header(self, count: int, sections: int) -> bytes:
        start = b"\x7fELF" + bytes([2 if self.wide else 1, 1 if self.little else 2, 1]) + bytes(9)
        size, each = (64, 56) if self.wide else (52, 32)
        table = (64, 3, 2) if sections else (0, 0, 0)
        form = "HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH"
        return start + self.pack(
            form, self.kind, self.machine, 1, 0, size, sections, 0, size, each, count, *table
        )

    def _segment(self, kind: int, offset: int, length: int) -> bytes:
        address = self.address + offset
        if self.wide:
            return self.pack("IIQQQQQQ", kind, 5, offset, address, address, length, length, 8)
        return self.pack("IIIIIIII", kind, offset, address, address, length, length, 5, 8)
