"""Wire types of Pitney Bowes OMS: calls that change orders, tokens and errors."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty

OrderId = Annotated[str, Meta(description="Id of the order: PB and 10 letters and digits.", examples=["PBcffM5ruasQ"])]
Time = Annotated[
    str,
    Meta(
        description="Time in UTC with milliseconds.",
        examples=["2026-01-30T10:53:24.554Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
SubscriptionId = Annotated[str, Meta(description="Id of the organization; at the vendor, that of its subscription.")]
OrderStatus = Literal["UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED"]
# The tag of an order that was deleted through this door; the order stays stored, and this door hides it.
DELETED = "deleted:pb_oms"
# Orders of one call; they change in one transaction, which blocks other writers of these orders.
MAX_BULK = 200
# Tags of one order; each is an index entry.
MAX_TAGS = 100


class PageInfo(Struct):
    """Where the page is among all rows; `page` is counted from 1."""

    total: int
    pages: int
    page: int


class OrderUpdated(Struct):
    """The response to the update call; its time has the same name as in the response to the create call."""

    orderId: OrderId
    orderNumber: str
    status: Annotated[str, Meta(description="Always Updated.")]
    transactionCreateDate: Time


class OrderActionResult(Struct):
    """The response to deletion, item removal and tagging; the vendor names the time differently here."""

    orderId: OrderId
    status: Annotated[str, Meta(description="Deleted or Updated.")]
    transactionDateTime: Time


class OrderReference(Struct):
    orderId: OrderId


class BulkStatus(Struct, kw_only=True):
    """The body of the bulk status call: the new status of all these orders."""

    orders: Annotated[list[OrderReference], Meta(min_length=1, max_length=MAX_BULK)]
    reason: Annotated[str, Meta(description="Why; stored as the reason of a hold, or in the event log.")] | None = None
    status: OrderStatus


class BulkResult(Struct):
    """The response to a bulk call."""

    status: Annotated[str, Meta(description="The new status of the orders, or Updated for tags.")]
    message: str
    transactionDateTime: Time


Tag = Annotated[NonEmpty, Meta(extra_json_schema={"not": {"const": DELETED}})]
Tags = Annotated[list[Tag], Meta(max_length=MAX_TAGS)]


class TagsPut(Struct):
    """The new tags of an order; an empty array removes all."""

    tagIds: Tags


class OrderTags(Struct):
    orderId: OrderId
    tagIds: Tags


class BulkTagsPut(Struct):
    """The new tags of several orders, each named once."""

    tags: Annotated[list[OrderTags], Meta(min_length=1, max_length=MAX_BULK)]


class TokenResponse(Struct):
    """A token, which is sent as `Authorization: Bearer <access_token>`."""

    access_token: str
    expires_in: Annotated[int, Meta(description="Lifetime in seconds.")]
    scope: str
    token_type: str


class ErrorResponse(Struct):
    """An error of a call for orders or tokens; the vendor puts no envelope around it."""

    errorCode: Annotated[str, Meta(description="What kind of error it is, such as validation_error.")]
    message: str
    additionalInfo: Annotated[str, Meta(description="Every fault as `path: reason`, joined by semicolons.")]


class ShippingError(Struct):
    """An error of a call below /shipping."""

    errorCode: Annotated[str, Meta(description="What kind of error it is, such as validation_error.")]
    errorDescription: str
    additionalInfo: Annotated[
        str, Meta(description="Every fault as `path: reason`, joined by semicolons; without faults the description.")
    ]
    additionalParameters: Annotated[list[str], Meta(description="The paths of the faults.")]


class ShippingErrorResponse(Struct, kw_only=True, omit_defaults=True):
    """The errors of a call below /shipping; a 401 has also the `message` of the vendor's gateway."""

    message: Annotated[str, Meta(description="Unauthorized; only with status 401.")] | None = None
    errors: list[ShippingError]
