"""fabric OMS v2: one flow call per endpoint; a module for each group of calls.

The order of the modules matters: a literal path stands before a path whose parameter would match it too.
"""

from crossdock.doors.fabric.routes import (
    attributes,
    cancel,
    notifications,
    orders,
    reports,
    search,
    tokens,
    update,
    webhook_events,
    webhooks,
)

ROUTES = (
    *orders.ROUTES,
    *search.ROUTES,
    *cancel.ROUTES,
    *attributes.ROUTES,
    *reports.ROUTES,
    *update.ROUTES,
    *webhook_events.ROUTES,
    *webhooks.ROUTES,
    *notifications.ROUTES,
    *tokens.ROUTES,
)
