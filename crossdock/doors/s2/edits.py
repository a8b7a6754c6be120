"""What the update call's body makes of an order's document; pure.

Source: the vendor's update page. It lists members that are replaced as a whole, each with the value it has where it is left
out; its sample also carries the account and the three order numbers. Everything else of the order stays as it is.
"""

from typing import Any

from crossdock.core.errors import Conflict, Fault, Invalid, Path
from crossdock.doors.s2 import responses, wire

Tree = Any
# Listed as required: left out they are missing, as in a create body.
_REQUIRED = ("meta", "channelShippingMethod", "channelOrderDate", "currencyId", "items", "attachments")
# Not on the page's list, only in its sample: left out they stay.
_NUMBERS = ("accountId", "channelOrderId", "channelOrderIdAlt", "channelOrderIdAlt2")
_UPDATED = frozenset(wire.OrderUpdate.__struct_fields__)
# Members of an order's canonical content in this door's words, for the faults of an edit that contradicts what has happened.
_WORDS = {"lines": "items", "currency": "currencyId", "sku": "productId", "product_ref": "productId"}


def revised(before: dict[str, Tree], sent: dict[str, Tree]) -> dict[str, Tree]:
    """Return the document an update asks for: of `before`, in the shape of the create body, and the update's body.

    An address may be left out or null: then the order keeps the one it has, because it cannot be without.
    """
    after = {name: value for name, value in before.items() if name not in _REQUIRED}
    after |= {name: sent[name] for name in _REQUIRED if name in sent}
    after |= {name: sent[name] for name in _NUMBERS if name in sent}
    after |= {name: value for name, value in sent.items() if name not in _UPDATED and name not in responses.ANSWERED}
    if sent.get("shippingAddress") is not None:
        after["shippingAddress"] = sent["shippingAddress"]
    for name, value in {
        "billingAddress": sent.get("billingAddress"),
        "shipByDate": sent.get("shipByDate"),
        "deliverByDate": sent["deliveryByDate"] if "deliveryByDate" in sent else sent.get("deliverByDate"),
        "customerNote": sent.get("customerNote") or "",
    }.items():
        if value is not None:
            after[name] = value
        elif after.get(name) is not None:
            del after[name]
    if isinstance(after.get("items"), list):
        after["items"] = _items(before, after["items"])
    if isinstance(after.get("attachments"), list):
        after["attachments"] = [
            _without(each, responses.ATTACHMENT_ANSWERED - {"fileName", "path"}) for each in after["attachments"]
        ]
    return after


def _items(before: dict[str, Tree], items: list[Tree]) -> list[Tree]:
    """Take over what is known of a product that is not here, where the item of a foreign order comes back without its id."""
    unknown = {
        item["channelOrderItemId"]: item["product"] for item in before["items"] if isinstance(item.get("product"), dict)
    }
    found = []
    for item in items:
        kept = _without(item, frozenset({"product"}))
        if isinstance(item, dict) and item.get("productId") == "":
            item_id = item.get("channelOrderItemId")
            if isinstance(item_id, str) and item_id in unknown:
                kept["product"] = unknown[item_id]
        found.append(kept)
    return found


def _without(row: Tree, names: frozenset[str]) -> Tree:
    """Return an object without the members that are the server's to say, which come back from who sends an answer again."""
    return {name: value for name, value in row.items() if name not in names} if isinstance(row, dict) else row


def in_update_words(invalid: Invalid, sent: dict[str, Tree]) -> Invalid:
    """Name faults by the update's members, which spell one otherwise than the create body does."""
    rendered = "deliveryByDate" if "deliveryByDate" in sent else "deliverByDate"
    faults = tuple(
        Fault((rendered,), fault.reason) if fault.path == ("deliverByDate",) else fault for fault in invalid.faults
    )
    return Invalid(invalid.code, invalid.reason, faults=faults, **invalid.facts)


def in_door_words(conflict: Conflict) -> Conflict:
    """Name what an edit contradicts by this door's members."""
    faults = tuple(Fault(_path(fault.path), fault.reason) for fault in conflict.faults)
    return Conflict(conflict.code, conflict.reason, faults=faults, **conflict.facts)


def _path(path: Path) -> Path:
    if path[:1] == ("destinations",):
        return ("shippingAddress",)
    return tuple(_WORDS.get(part, part) if isinstance(part, str) else part for part in path)
