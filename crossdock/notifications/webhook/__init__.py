"""Telling others by HTTP: one signed request, to an address that may be called, with a bounded answer."""
