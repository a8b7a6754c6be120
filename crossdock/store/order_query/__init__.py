"""Order queries: query, the index that answers it (planner), its SQL (statements), its results (pages, word_search)."""
