"""The pages of the console, one module a section. A new section is a module and a line here, and one in navigation.py."""

from crossdock.web.console.page import Page
from crossdock.web.console.pages import (
    access_log,
    account,
    allocation_rules,
    catalog,
    catalog_import,
    feed,
    fulfillment,
    fulfillment_split,
    fulfillment_work,
    inbound,
    mails,
    order,
    order_documents,
    order_verbs,
    orders,
    orders_bulk,
    rejected,
    returns,
    settings,
    sign_in,
    stock,
    system,
    today,
    users,
    webhooks,
)

_MODULES = (
    sign_in, account, today, orders, orders_bulk, order, order_documents, order_verbs, rejected, fulfillment,
    fulfillment_split, fulfillment_work, stock, inbound, returns, webhooks, mails, feed, settings, users, catalog,
    catalog_import, allocation_rules, access_log, system,
)  # fmt: skip


def all_pages() -> tuple[Page, ...]:
    """Return all pages; where two paths match, the first one answers."""
    return tuple(page for module in _MODULES for page in module.PAGES)
