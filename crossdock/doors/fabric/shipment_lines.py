"""The ids of lines in cartons; pure."""

from uuid import NAMESPACE_OID, uuid5

from crossdock.core.orders.fulfillments import Package


def line_item_id(package: Package, line: int) -> str:
    """Derive the id of a line in a carton, a UUID."""
    return str(uuid5(NAMESPACE_OID, f"crossdock/{package.package_id}/{line}"))
