"""Documents that were written, kept in memory while they are asked for; flows/written.py says when one may be told again."""

from collections import OrderedDict
from collections.abc import Hashable

from msgspec import Struct

from crossdock.store.catalog import EntryKey, EntryVersion

# Bytes kept by one process: some 6,000 documents.
MAX_BYTES = 16_000_000
# What one document takes besides its own bytes: its key, its place, what it was written with.
_BESIDES = 700


class CachedDocument(Struct, frozen=True):
    """A document, and what it was written from: the state of its order, which is the hash of the order's last event; the
    catalog entries it needs, and the stamp of each that there was."""

    state: bytes
    document: bytes
    needs: tuple[EntryKey, ...]
    stamps: tuple[EntryVersion | None, ...]


class LruCache:
    """Documents, each by what says whose it is; those not asked for the longest are forgotten first."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self._most = most
        self._size = 0
        self._kept: OrderedDict[Hashable, CachedDocument] = OrderedDict()

    def find(self, key: Hashable) -> CachedDocument | None:
        """Give what is kept under a key, or None."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, written: CachedDocument) -> None:
        """Keep a document, in the place of what was kept under the key, and forget others where there are too many."""
        self._forget(self._kept.pop(key, None))
        self._kept[key] = written
        self._size += len(written.document) + _BESIDES
        while self._size > self._most:
            self._forget(self._kept.popitem(last=False)[1])

    def _forget(self, written: CachedDocument | None) -> None:
        if written is not None:
            self._size -= len(written.document) + _BESIDES
