"""The examples of the OpenAPI document: request bodies that the demo organization can send, and the responses to them.

Responses are rendered by the code that renders real ones.
"""

import json
from typing import Any

import msgspec

from crossdock.core.catalog.locations import Location
from crossdock.core.ids import IdGenerator
from crossdock.core.orders.fulfillments import Fulfillment, FulfillmentLine
from crossdock.core.orders.model import Address, Content, Order, Source, initial_counters
from crossdock.core.orders.status import Counters
from crossdock.core.stock.model import Level
from crossdock.doors import encode_json
from crossdock.doors.s2 import catalog
from crossdock.doors.s2.demo import ACCOUNT_ID, DEMO_SEEDS, FIRST_PRODUCT_ID
from crossdock.doors.s2.edits import apply_update
from crossdock.doors.s2.format import FORMAT
from crossdock.doors.s2.fulfillments import Rendered, decode_stored, fulfillment_response, to_stored
from crossdock.doors.s2.inventory import overview_response, warehouse_response
from crossdock.doors.s2.responses import order_response
from crossdock.doors.s2.wire_fulfillments import FulfillmentCreate
from crossdock.flows.formats import ReferenceData
from crossdock.flows.locations import StoredLocation, location_id_for
from crossdock.flows.reference_data import CatalogEntry
from crossdock.flows.tenants import Membership, Organization, Person

Tree = Any
Document = dict[str, Tree]
_AT = 1_769_770_404_207_910  # 2026-01-30T10:53:24.20791Z
_ids = IdGenerator(0)
_ORGANIZATION = Organization(1, "Demo", "95d73baf-76ba-4bea-86ac-1534c5e5d4aa", _AT, _AT)


def _rendered(response: Tree) -> Tree:
    return json.loads(encode_json(response))


# --------------------------------------------------------------------------------------------------------------- sign in
LOGIN: Document = {"email": "demo@example.com", "password": "demo-password"}
_PERSON = Person(LOGIN["email"], _ids.new(_AT), "Demo", "", 0, _AT, _AT)
LOGGED_IN: Document = {
    "type": "SUCCESS",
    "accessToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJzMmNvcmUifQ.signature",
    "user": _rendered(
        catalog.user_response(_PERSON, [(_ORGANIZATION, Membership(1, _PERSON.email, "ADMIN", ""))])
    ),
}  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- catalog
def _entry(kind: str, key: str, name: str, document: Tree) -> CatalogEntry:
    return CatalogEntry(1, kind, key, name, name, 1, _AT, _AT, encode_json(document))


_ENTRIES = {(seed.kind, seed.key): _entry(seed.kind, seed.key, seed.name, seed.document) for seed in DEMO_SEEDS}
_REFERENCE_DATA = ReferenceData(_ORGANIZATION, entries=_ENTRIES)
ACCOUNT_PAGE: Document = {
    "items": [_rendered(catalog.account_response(_ENTRIES[catalog.ACCOUNT, ACCOUNT_ID], _ORGANIZATION))],
    "total": 1,
}
PRODUCT_CREATE: Document = {
    "sku": "MUG-BLUE",
    "brand": "",
    "gtin": "",
    "name": "Blue mug",
    "remarks": "",
    "imageMain": "",
    "packageLengthMm": 120.0,
    "packageWidthMm": 90.0,
    "packageHeightMm": 95.5,
    "shippingWeightKg": 0.35,
    "caseUnit": "EACH",
    "casePack": 1,
    "caseLengthMm": 0.0,
    "caseWidthMm": 0.0,
    "caseHeightMm": 0.0,
    "caseWeightKg": 0.0,
    "condition": "NEW",
    "serialNumberRequired": False,
    "expiryDateRequired": False,
}
_BRANDLESS = next(entry for entry in _ENTRIES.values() if entry.kind == catalog.BRAND and not entry.name)
PRODUCT: Document = _rendered(
    catalog.product_response(
        _entry(
            catalog.PRODUCT,
            catalog.product_id_for(_ORGANIZATION, PRODUCT_CREATE["sku"]),
            PRODUCT_CREATE["sku"],
            catalog.to_product(PRODUCT_CREATE | {"brand": catalog.brand_response(_BRANDLESS)}),
        ),
        _ORGANIZATION,
    )
)
PRODUCT_PAGE: Document = {"items": [PRODUCT], "total": 1}

# ---------------------------------------------------------------------------------------------------------------- orders
ORDER_CREATE: Document = {
    "accountId": ACCOUNT_ID,
    "channelOrderId": "WEB-10042",
    "channelOrderIdAlt": "PO-7781",
    "channelOrderIdAlt2": "",
    "channelShippingMethod": "Standard",
    "shippingAddress": {
        "name": "Jane Smith",
        "company": "",
        "address1": "1822 Franklin Street",
        "address2": "Apt 5",
        "city": "Vancouver",
        "state": "BC",
        "postalCode": "V5L 1R1",
        "countryId": "CA",
        "phone": "",
        "email": "jane@example.com",
    },
    "billingAddress": None,
    "meta": {},
    "channelOrderDate": "2026-01-30T10:52:58.889Z",
    "currencyId": "CAD",
    "items": [{"channelOrderItemId": "0", "productId": FIRST_PRODUCT_ID, "quantity": 2, "unitPrice": 9.99, "meta": {}}],
    "attachments": [{"fileName": "packing slip.pdf", "path": "https://files.example.com/packing-slip.pdf"}],
}
ORDER_UPDATE: Document = {
    name: ORDER_CREATE[name]
    for name in (
        "shippingAddress", "billingAddress", "meta", "channelShippingMethod", "channelOrderDate", "currencyId", "items",
        "attachments",
    )
} | {"shipByDate": "2026-02-02T00:00:00Z", "deliveryByDate": "2026-02-06T00:00:00Z", "customerNote": "Ring twice"}  # fmt: skip


def _content(document: Document) -> Content:
    return FORMAT.to_content(FORMAT.parse(encode_json(document)), _REFERENCE_DATA)


_NEW_CONTENT = _content(ORDER_CREATE)
_NEW = Order(
    organization_id=1,
    order_id=_ids.new(_AT),
    version=1,
    created_at=_AT,
    updated_at=_AT,
    source=Source("s2", 1, "demo"),
    content=_NEW_CONTENT,
    counters=initial_counters(_NEW_CONTENT),
)


def _order(document: Document, **changes: Any) -> Document:
    order = msgspec.structs.replace(_NEW, **changes)
    response: Document = _rendered(order_response(document, order, _REFERENCE_DATA))
    return response


_LATER = {"updated_at": _AT + 60_000_000}
ORDER = _order(ORDER_CREATE)
UPDATED_ORDER = _order(apply_update(ORDER_CREATE, ORDER_UPDATE, _NEW), **_LATER)
CANCELED_ORDER = _order(ORDER_CREATE, counters=(Counters(ordered=2, canceled=2),), **_LATER)
ARCHIVED_ORDER = _order(ORDER_CREATE, archived=True, **_LATER)
UNARCHIVED_ORDER = _order(ORDER_CREATE, **_LATER)
ORDER_PAGE: Document = {"items": [ORDER], "total": 1}


# ----------------------------------------------------------------------------------------------------------------- stock
WAREHOUSE = Location(
    "VAN", name="Vancouver", address=Address(lines=("638 Manitoba Ave",), city="Vancouver", region="BC", country="CA")
)
_STORED = StoredLocation(WAREHOUSE, location_id_for(_ORGANIZATION, WAREHOUSE.code), 1, _AT, _AT)
WAREHOUSE_PAGE: Document = {"items": [_rendered(warehouse_response(_STORED, _ORGANIZATION))], "total": 1}
_FIRST_PRODUCT = _ENTRIES[catalog.PRODUCT, FIRST_PRODUCT_ID]
STOCK_SKU = catalog.parse_names(_FIRST_PRODUCT)["sku"]
_LEVEL = Level(1, 1, STOCK_SKU, WAREHOUSE.code, on_hand=12, safety=3)
INVENTORY_OVERVIEW: Document = _rendered(
    overview_response([_LEVEL], {}, {WAREHOUSE.code: _STORED}, {STOCK_SKU: _FIRST_PRODUCT}, _ORGANIZATION)
)

# ---------------------------------------------------------------------------------------------------------- fulfillments
FULFILLMENT_CREATE: Document = {
    "orderId": ORDER["id"],
    "address": ORDER_CREATE["shippingAddress"],
    "warehouseId": WAREHOUSE_PAGE["items"][0]["id"],
    "channelFulfillmentId": "WEB-10042-1",
    "orderType": 0,
    "shippingMethod": "Standard",
    "items": [{"productId": FIRST_PRODUCT_ID, "quantity": 2}],
    "notes": ["Fragile"],
    "attachments": [{"fileName": "label.pdf", "path": "https://files.example.com/label.pdf", "type": "OTHER"}],
}
ATTACHMENTS_CREATE: Document = {"attachments": FULFILLMENT_CREATE["attachments"]}
_FULFILLMENT = Fulfillment(
    _ids.new(_AT), WAREHOUSE.code, _AT + 60_000_000, (FulfillmentLine(0, 2),), reference="WEB-10042-1"
)
_ASSIGNED = msgspec.structs.replace(_NEW, counters=(Counters(ordered=2, allocated=2),), fulfillments=(_FULFILLMENT,))
FULFILLMENT: Document = _rendered(
    fulfillment_response(
        Rendered(
            _FULFILLMENT,
            _ASSIGNED,
            ORDER,
            [ORDER["items"][0]["product"]],
            ORDER["organization"],
            decode_stored(
                to_stored(msgspec.convert(FULFILLMENT_CREATE, FulfillmentCreate), _NEW.order_id, _AT + 60_000_000)
            ),
            0,
            WAREHOUSE_PAGE["items"][0],
        )
    )
)
FULFILLMENT_PAGE: Document = {"items": [FULFILLMENT], "total": 1}


# ---------------------------------------------------------------------------------------------------------------- errors
def _error(code: str, message: str) -> Document:
    return {"code": code, "message": message}


ERRORS: dict[int | str, Any] = {
    400: _error(
        "INVALID_ARGUMENT",
        "channelShippingMethod: must be a string, not null; items[0].quantity: must be at least 1, not 0",
    ),
    401: _error("UNAUTHENTICATED", "There is no bearer token"),
    403: _error("PERMISSION_DENIED", "The user does not belong to this organization"),
    404: _error("NOT_FOUND", "There is no such order"),
    409: _error("FAILED_PRECONDITION", "The order was changed by somebody else"),
    413: _error("INVALID_ARGUMENT", "The body has more than 1048576 bytes"),
    429: _error("RESOURCE_EXHAUSTED", "Too many attempts to sign in have failed; try again later"),
    500: _error(
        "INTERNAL", "An unexpected error occurred. Please report it with the reference ID: 0123456789abcdef."
    ),
    503: _error("UNAVAILABLE", "Too many orders are waiting"),
}  # fmt: skip
LIST_FAULTS = _error("INVALID_ARGUMENT", "limit: must be a whole number of at least 1, not 'x'")
LOGIN_FAULTS = _error("INVALID_ARGUMENT", "email: must be a string, not null; password: is required")
PATH_FAULTS = _error("INVALID_ARGUMENT", "A path or query must not hold NUL")
PRODUCT_FAULTS = _error("INVALID_ARGUMENT", "sku: must not be empty; brand: must be a string, not null")
UPDATE_FAULTS = _error("INVALID_ARGUMENT", "meta: is required; customerNote: must be a string, not the number '3'")
WRONG_PASSWORD = _error("UNAUTHENTICATED", "The e-mail or password is wrong")
UNKNOWN_ACCOUNT = _error(
    "NOT_FOUND", "accountId: there is no account '00000000-0000-4000-8000-000000000000'"
)  # fmt: skip
NUMBER_TAKEN = _error("ALREADY_EXISTS", "Order with channelOrderId 'WEB-10042' already exists for this account")
SKU_TAKEN = _error("ALREADY_EXISTS", "Product with sku 'MUG-BLUE' already exists for this organization")
FULFILLMENT_FAULTS = _error(
    "INVALID_ARGUMENT", "items[0].quantity: must be at most 2, which no fulfillment has yet, not 3"
)
ATTACHMENT_FAULTS = _error("INVALID_ARGUMENT", "attachments[0].type: is required")
NO_FULFILLMENT = _error("NOT_FOUND", "There is no such fulfillment")
UNKNOWN_WAREHOUSE = _error(
    "NOT_FOUND", "warehouseId: there is no warehouse '00000000-0000-4000-8000-000000000000'"
)  # fmt: skip
CHANNEL_ID_TAKEN = _error(
    "ALREADY_EXISTS", "Fulfillment with channelFulfillmentId 'WEB-10042-1' already exists for this organization"
)
UPDATE_REFUSED = _error("FAILED_PRECONDITION", "The order is canceled and cannot be edited")
CANCEL_REFUSED = _error("FAILED_PRECONDITION", "The order is canceled and cannot be canceled")
