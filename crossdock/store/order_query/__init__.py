"""Which orders: the query a search is translated into (query), the index it scans (planner), its SQL (statements), its results
(pages, word_search)."""
