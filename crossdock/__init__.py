"""Crossdock: a self-hosted order hub. Five doors stand around one order model; see docs/architecture.md."""

__version__ = "0.1.0"
