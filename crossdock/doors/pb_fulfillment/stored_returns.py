"""Returns as they are stored: the vendor's document, the order that it names, and what an erasure leaves of it; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from crossdock.core.ids import to_digits
from crossdock.doors import encode_json

Tree = Any
Object = dict[str, Tree]
KIND = "pb_fulfillment/return"


class StoredReturn(Struct, omit_defaults=True):
    """A stored return: the document as it was sent, the order that it names and its return there, where there is one."""

    document: Object
    order_id: int | None = None
    return_id: int | None = None
    created_at: int = 0
    updated_at: int | None = None


_STORED = msgspec.json.Decoder(StoredReturn, float_hook=Decimal)


def decode_stored(raw: bytes) -> StoredReturn:
    """Read a stored document, numbers as they were sent."""
    return _STORED.decode(raw)


def format_return_id(number: int) -> str:
    """Format the id of a return: RET, 19 digits, US."""
    return f"RET{to_digits(number)}US"


def encode_stored(stored: StoredReturn) -> bytes:
    """Encode a stored return, numbers as they were sent."""
    return encode_json(stored)


# What an erasure leaves of a return, of its address, and of its lines.
_LEFT = frozenset(
    ("clientId", "brand", "orderId", "returnClientOrderId", "originalClientOrderId", "rmaNumber", "references", "createDate",
     "updateDate", "returnType", "shippingDetails", "operation")
)  # fmt: skip
_LEFT_OF_ADDRESS = ("stateProvince", "countryCode")
_LEFT_OF_LINE = ("orderLineId", "itemDetail", "lineTotal", "quantity")


def erase_stored(raw: bytes) -> bytes:
    """Take a person out of a stored return: their address, their reasons, and members that the vendor does not know."""
    stored = decode_stored(raw)
    sent = stored.document
    left: Object = {name: value for name, value in sent.items() if name in _LEFT}
    left["returnOrderLines"] = [_only(line, _LEFT_OF_LINE) for line in sent["returnOrderLines"]]
    if sent.get("fromAddress"):
        left["fromAddress"] = _only(sent["fromAddress"], _LEFT_OF_ADDRESS)
    return raw if left == sent else encode_stored(msgspec.structs.replace(stored, document=left))


def _only(members: Mapping[str, Tree], names: Sequence[str]) -> Object:
    return {name: members[name] for name in names if name in members}
