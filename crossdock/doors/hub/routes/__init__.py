"""The hub's own API under /hub/v1: orders created, read, listed, exported and moved; submissions; tokens."""

from crossdock.doors.hub.routes import export, moves, orders, submissions, tokens

ROUTES = (*orders.ROUTES, *export.ROUTES, *moves.ROUTES, *submissions.ROUTES, *tokens.ROUTES)
