"""Size units: decimal, as Docker prints them."""

from __future__ import annotations

MB = 1_000_000
