"""Webhooks: signed HTTP requests to addresses that may be called, with a limit on time and on the response."""
