"""The sections of the console, as the navigation lists them. Texts are English; templates translate them."""

from msgspec import Struct


class Section(Struct, frozen=True):
    """An entry of the navigation. `key` is what pages name as their section; `shortcut` is pressed after g."""

    key: str
    label: str
    path: str
    icon: str
    shortcut: str
    group: str = "Work"
    scope: str = "orders:read"


SECTIONS = (
    Section("today", "Today", "/", "today", "t"),
    Section("orders", "Orders", "/console/orders", "orders", "o"),
    Section("rejected", "Rejected", "/console/rejected", "rejected", "j"),
    Section("fulfillment", "Fulfillment", "/console/fulfillment", "fulfillment", "f"),
    Section("returns", "Returns", "/console/returns", "returns", "r"),
    Section("stock", "Stock", "/console/stock", "stock", "k"),
    Section("webhooks", "Webhooks", "/console/webhooks", "webhooks", "w", "Notifications", "admin"),
    Section("mails", "E-mails", "/console/mails", "mails", "m", "Notifications"),
    Section("feed", "Event feed", "/console/feed", "feed", "e", "Notifications"),
    Section("settings", "Settings", "/console/settings", "settings", "s", "Manage", "admin"),
    Section("system", "System", "/console/system", "system", "y", "Manage", "admin"),
)
