"""The hub's own API under /hub/v1: orders, submissions, tokens, the feed, webhook endpoints, the catalog, stock, allocation,
fulfillment, returns, payments, invoices, papers."""

from crossdock.doors.hub.call_docs import documented
from crossdock.doors.hub.routes import (
    access_log,
    allocation,
    endpoints,
    export,
    feed,
    fulfillments,
    inbound,
    invoices,
    locations,
    orders,
    papers,
    payments,
    products,
    returns,
    shipping_methods,
    stock,
    submissions,
    tokens,
    verbs,
)

ROUTES = documented((*orders.ROUTES, *export.ROUTES, *verbs.ROUTES, *submissions.ROUTES, *tokens.ROUTES, *feed.ROUTES,
                     *endpoints.ROUTES, *locations.ROUTES, *products.ROUTES, *shipping_methods.ROUTES,
                     *stock.ROUTES, *allocation.ROUTES, *inbound.ROUTES,
                     *fulfillments.ROUTES, *returns.ROUTES, *payments.ROUTES, *invoices.ROUTES,
                     *papers.ROUTES, *access_log.ROUTES))  # fmt: skip
