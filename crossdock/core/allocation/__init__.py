"""Allocation: which location serves which units of an order, and why."""
