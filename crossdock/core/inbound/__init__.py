"""Inbound: what is expected at locations and what arrives there: receiving notices, work orders, transfers."""
