"""fabric OMS v2: paths, headers, and one flow call per endpoint; a file for each group of calls.

The paths with words in them stand before those with parameters that would take the words too.
"""

from crossdock.doors.fabric.routes import (
    access,
    attributes,
    cancel,
    notifications,
    orders,
    reports,
    search,
    update,
    webhook_events,
    webhooks,
)
from crossdock.doors.fabric.routes.access import check_site_context

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
    *access.ROUTES,
)

__all__ = ["ROUTES", "check_site_context"]
