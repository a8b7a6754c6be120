"""Proofs of what holds when processes, disks, databases and clocks fail; each has a short form and one for `make prove`."""
