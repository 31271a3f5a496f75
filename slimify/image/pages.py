"""A file within a larger one, of which only the pages are read that somebody looks at."""

from __future__ import annotations

from typing import Final

from slimify.image.streams import Store

PAGE: Final = 16 * 1024
PAGES: Final = 64  # held at a time


class Pages:
    """`size` bytes of a store from `start` on, sliced like bytes."""

    __slots__ = ("_pages", "_size", "_start", "_store")

    def __init__(self, store: Store, start: int, size: int) -> None:
        self._store, self._start = store, start
        self._size = max(0, min(size, store.size - start))
        self._pages: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, asked: slice) -> bytes:
        start, stop, _ = asked.indices(self._size)
        number, at = divmod(start, PAGE)
        if stop <= (number + 1) * PAGE:
            return self._page(number)[at : at + max(0, stop - start)]
        return self._store.read(stop - start, self._start + start)

    def _page(self, number: int) -> bytes:
        page = self._pages.get(number)
        if page is None:
            if len(self._pages) >= PAGES:
                self._pages.clear()
            start = number * PAGE
            page = self._store.read(min(PAGE, self._size - start), self._start + start)
            self._pages[number] = page
        return page
