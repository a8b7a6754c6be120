"""Wire types of Pitney Bowes OMS: calls that change orders, tokens and errors."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty


class OrderUpdated(Struct):
    """The response to the update call; its time has the same name as in the response to the create call."""

    orderId: str
    orderNumber: str
    status: str
    transactionCreateDate: str


class OrderActionResult(Struct):
    """The response to deletion, item removal and tagging; the vendor names the time differently here."""

    orderId: str
    status: str
    transactionDateTime: str


OrderStatus = Literal["UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED"]
# Orders of one call; they change in one transaction, which blocks other writers of these orders.
MAX_BULK = 200
# Tags of one order; each is an index entry.
MAX_TAGS = 100


class OrderId(Struct):
    orderId: str


class BulkStatus(Struct, kw_only=True):
    """The body of the bulk status call: the new status of all these orders."""

    orders: Annotated[list[OrderId], Meta(min_length=1, max_length=MAX_BULK)]
    reason: str | None = None
    status: OrderStatus


class BulkResult(Struct):
    """The response to a bulk call; `status` is the new status of the orders, or `Updated` for tags."""

    status: str
    message: str
    transactionDateTime: str


Tags = Annotated[list[NonEmpty], Meta(max_length=MAX_TAGS)]


class TagsPut(Struct):
    """The new tags of an order; an empty array removes all."""

    tagIds: Tags


class OrderTags(Struct):
    orderId: str
    tagIds: Tags


class BulkTagsPut(Struct):
    tags: Annotated[list[OrderTags], Meta(min_length=1, max_length=MAX_BULK)]


class TokenResponse(Struct):
    access_token: str
    expires_in: int
    scope: str
    token_type: str


class ErrorResponse(Struct):
    """An error of any call; the vendor puts no envelope around it."""

    errorCode: str
    message: str
    additionalInfo: str
