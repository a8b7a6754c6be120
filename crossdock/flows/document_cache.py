"""The cache behind flows/rendering.py: rendered documents, kept while they are asked for.

A document says only what follows from an order's state and from the catalog entries it was rendered with. A cached one is
used where both are still the same, so no invalidation is needed. It makes lists that are asked for again 2 to 10 times as fast
(docs/decisions/0011).
"""

from collections import OrderedDict
from collections.abc import Hashable

from msgspec import Struct

from crossdock.store.catalog import EntryKey, EntryVersion

# Bytes kept by one process: some 6,000 documents.
MAX_BYTES = 16_000_000
# What one document takes besides its own bytes: its key, its place, what it was rendered with.
_OVERHEAD_BYTES = 700


class CachedDocument(Struct, frozen=True):
    """A rendered document, and what it was rendered from: the state of its order, which is the hash of the order's last event;
    the catalog entries it refers to, and the version of each that there was."""

    state: bytes
    document: bytes
    references: tuple[EntryKey, ...]
    versions: tuple[EntryVersion | None, ...]


class DocumentCache:
    """Least-recently-used documents, bounded by their bytes."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._documents: OrderedDict[Hashable, CachedDocument] = OrderedDict()

    def get(self, key: Hashable) -> CachedDocument | None:
        """Return the document cached under a key, or None."""
        cached = self._documents.get(key)
        if cached is not None:
            self._documents.move_to_end(key)
        return cached

    def put(self, key: Hashable, cached: CachedDocument) -> None:
        """Cache a document in place of the one under its key, and evict the least recently used where there are too many."""
        self._forget(self._documents.pop(key, None))
        self._documents[key] = cached
        self._bytes += len(cached.document) + _OVERHEAD_BYTES
        while self._bytes > self._max_bytes:
            self._forget(self._documents.popitem(last=False)[1])

    def _forget(self, cached: CachedDocument | None) -> None:
        if cached is not None:
            self._bytes -= len(cached.document) + _OVERHEAD_BYTES
