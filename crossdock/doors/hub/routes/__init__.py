"""The hub's own API under /hub/v1: orders, submissions, tokens, the feed, webhook endpoints."""

from crossdock.doors.hub.call_docs import documented
from crossdock.doors.hub.routes import endpoints, export, feed, orders, submissions, tokens, verbs

ROUTES = documented((*orders.ROUTES, *export.ROUTES, *verbs.ROUTES, *submissions.ROUTES, *tokens.ROUTES, *feed.ROUTES,
                     *endpoints.ROUTES))  # fmt: skip
