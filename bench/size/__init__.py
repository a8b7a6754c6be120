"""How fast orders are found in a large book; `python -m bench.size`."""
