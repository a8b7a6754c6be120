"""Invoices: what is billed of an order, or credited, and when."""
