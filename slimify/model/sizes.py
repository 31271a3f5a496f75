"""Units of sizes: decimal ones, as Docker shows them."""

from __future__ import annotations

MB = 1_000_000
