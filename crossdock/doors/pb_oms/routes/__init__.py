"""Routes of Pitney Bowes OMS: `ROUTES` has every call with its paths, scope and wire types."""

from typing import Any

from crossdock.doors import TOKEN_BODY_LIMIT, Handler, Route
from crossdock.doors.pb_oms import (
    examples,
    examples_shipping,
    wire,
    wire_calls,
    wire_catalog,
    wire_defaults,
    wire_lists,
    wire_read,
    wire_search,
    wire_shipments,
)
from crossdock.doors.pb_oms.reference_lists import DEFAULTS
from crossdock.doors.pb_oms.routes import (
    bulk,
    catalog,
    defaults,
    orders,
    reference_lists,
    search,
    shipments,
    tokens,
)
from crossdock.flows.access import READ, WRITE

# The vendor's server for Canada has all calls below /ca/shipping; the page of the create call shows only the path.
_ORDERS = ("/ordermanagement/api/v1/orders", "/api/v1/orders", "/ca/shipping/api/v1/orders")
_SHIPPING = ("/shipping/api/v1", "/ca/shipping/api/v1")


def _orders(rest: str = "") -> tuple[str, ...]:
    return tuple(base + rest for base in _ORDERS)


def _shipping(rest: str) -> tuple[str, ...]:
    return tuple(base + rest for base in _SHIPPING)


def _responses(*errors: int, ok: Any) -> dict[int, Any]:
    """Describe the responses: success, the errors of every call, and the additional `errors`."""
    return {200: ok, **dict.fromkeys((401, 403, 500, 503, *errors), wire_calls.ErrorResponse)}


def _shipping_responses(*errors: int, ok: Any, status: int = 200) -> dict[int, Any]:
    """Describe the responses of a call below /shipping: success, the errors of every call, and the additional `errors`."""
    return {status: ok, **dict.fromkeys((401, 403, 500, 503, *errors), wire_calls.ShippingErrorResponse)}


def _query(*names: str) -> tuple[dict[str, Any], ...]:
    """Describe query parameters of a list; all are optional."""
    return tuple(
        {
            "name": name, "in": "query", "required": False,
            "schema": {"type": "string"} | ({"default": DEFAULTS[name]} if name in DEFAULTS else {}),
            "description": _QUERY[name],
        }
        for name in names
    )  # fmt: skip


_QUERY = {
    "carrier": "The carrier, in any letter case.",
    "originCountryCode": "ISO 3166-1 alpha-2 code of the country that a parcel leaves.",
    "destinationCountryCode": "ISO 3166-1 alpha-2 code of the country that a parcel goes to.",
    "service": "Only this service.",
    "parcel": "Only this parcel type.",
    "startDate": "The first day, such as 2026-01-30, in UTC; without it, from the beginning.",
    "endDate": "The last day, such as 2026-01-30, in UTC; today where it is not given.",
    "page": "The page, counted from 1; 1 where it is not given.",
    "size": "Rows of a page; 10 where it is not given, and more than 100 count as 100.",
}


def _list(
    name: str, handle: Handler, operation: str, summary: str, answer: Any, *query: str, description: str
) -> Route:
    """Make the route of a reference list."""
    faults: dict[int | str, Any] = {400: examples_shipping.LIST_FAULTS} if query else {}
    errors = (400,) if query else ()
    return Route(
        "GET", _shipping(f"/{name}"), handle, READ, operation, summary, parameters=_query(*query),
        answers=_shipping_responses(*errors, ok=answer),
        description=f"{description} The rows can be replaced with `crossdock reference-list set`.",
        examples={200: reference_lists.example(name), **faults},
    )  # fmt: skip


def _carrier_code_routes(path: str, name: str, read: Handler, update: Handler) -> tuple[Route, Route]:
    """Make the routes that read and update carrier codes, under one of the vendor's two names for them."""
    paths = _shipping(f"/{path}/{{code}}")
    return (
        Route(
            "GET", paths, read, READ, f"get{name}ByCode", "Read a carrier code",
            description="Returns what the code stands for, with its times.",
            answers=_shipping_responses(404, ok=wire_catalog.CarrierCodeRead),
            examples=examples_shipping.CARRIER_CODE_READ,
        ),
        Route(
            "PUT", paths, update, WRITE, f"update{name}", "Update a carrier code",
            description="Replaces all that the code stands for; the code stays, and one in the body is ignored.",
            request=wire_catalog.CarrierCodeUpdate,
            answers=_shipping_responses(400, 404, 413, ok=wire_catalog.CarrierCodeCreated),
            examples=examples_shipping.CARRIER_CODE_UPDATE,
        ),
    )  # fmt: skip


def _array(row: Any) -> dict[str, Any]:
    return {"type": "array", "items": row}


_PERIOD = _query("startDate", "endDate")
_PAGE = _query("page", "size")
_PICKUP_SIZE = _PAGE[1] | {"description": "Rows of a page; 20 where it is not given, and more than 100 count as 100."}
_PICKUP_STATUS = {
    "name": "status", "in": "query", "required": False, "schema": {"enum": ["scheduled", "cancelled"]},
    "description": "Only pickups with this status.",
}  # fmt: skip
_ALIAS = {
    "name": "alias", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1},
    "description": "The name of the printer.",
}  # fmt: skip
_ROUTE = ("carrier", "originCountryCode", "destinationCountryCode")
_ITEM_ID = {
    "name": "itemId", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1},
    "description": "The item's id in the order (the SKU).",
}  # fmt: skip
ROUTES = (
    Route(
        "POST", _orders(), orders.create_order, WRITE, "createOrder", "Create an order",
        description="The same content under the same orderNumber returns the first answer again, with the header "
        "Idempotent-Replayed; different content is a 400. The order is not repeated in the response.",
        request=wire.OrderCreate, answers=_responses(400, 413, ok=wire_read.OrderCreated), submits="create",
        examples=examples.CREATE,
    ),
    Route(
        "GET", _orders("/{orderId}"), orders.get_order, READ, "getOrderById", "Read an order",
        description="Returns the whole order in two objects; orders of the other APIs too, in this format.",
        answers=_responses(404, ok=wire_read.OrderRead), examples=examples.READ,
    ),
    Route(
        "PATCH", _orders("/{orderId}"), orders.update_order, WRITE, "partialUpdateOrderById",
        "Update fields of an order",
        description="Objects are merged at every depth, null removes a field, arrays are replaced; items are matched by "
        "itemId, else by customProductId, and an unknown one is added. Possible while nothing of the order is allocated or "
        "shipped.",
        request=wire.OrderPatch, answers=_responses(400, 404, 413, ok=wire_calls.OrderUpdated),
        examples=examples.UPDATE,
    ),
    Route(
        "PATCH", _orders("/bulk/status"), bulk.change_statuses, WRITE, "updateOrderById",
        "Set the status of several orders",
        description="Changes all orders or none. UNFULFILLED and ONHOLD change into each other and into CANCELED; "
        "UNFULFILLED changes into FULFILLED, and all open units then count as shipped. FULFILLED and CANCELED are final.",
        request=wire_calls.BulkStatus, answers=_responses(400, 404, 413, ok=wire_calls.BulkResult),
        examples=examples.BULK_STATUS,
    ),
    Route(
        "DELETE", _orders("/{orderId}"), orders.delete_order, WRITE, "deleteOrder", "Delete an order",
        description="Cancels the order, archives it and hides it from this API. Its orderNumber is free afterwards.",
        answers=_responses(400, 404, ok=wire_calls.OrderActionResult), examples=examples.DELETE,
    ),
    Route(
        "DELETE", _orders("/{orderId}/items"), orders.delete_item, WRITE, "deleteOrderItem",
        "Remove an item from an order",
        description="Removes every item with the id, while nothing of the order is allocated or shipped. The last item "
        "cannot be removed.",
        parameters=(_ITEM_ID,), answers=_responses(400, 404, ok=wire_calls.OrderActionResult),
        examples=examples.DELETE_ITEM,
    ),
    Route(
        "POST", _orders("/search"), search.search_orders, READ, "searchOrders", "Search orders",
        description="Returns the orders that match all filters, newest first; an order matches a filter by any of its "
        "values.",
        request=wire_search.Search, answers=_responses(400, 413, ok=wire_search.SearchResults),
        examples=examples.SEARCH,
    ),
    Route(
        "PUT", _orders("/{orderId}/tags"), orders.put_tags, WRITE, "updateTags", "Replace the tags of an order",
        description="An empty array removes all tags. Tags can be set in every status.",
        request=wire_calls.TagsPut, answers=_responses(400, 404, 413, ok=wire_calls.OrderActionResult),
        examples=examples.TAGS,
    ),
    Route(
        "PUT", _orders("/bulkTags"), bulk.put_bulk_tags, WRITE, "bulkUpdateTags",
        "Replace the tags of several orders",
        description="Changes all orders or none; each order is named once, with its own tags.",
        request=wire_calls.BulkTagsPut, answers=_responses(400, 404, 413, ok=wire_calls.BulkResult),
        examples=examples.BULK_TAGS,
    ),
    Route(
        "POST", ("/auth/api/v1/token",), tokens.get_token, None, "getAccessToken", "Get a token",
        body_limit=TOKEN_BODY_LIMIT,
        description="Takes the client id and secret as Basic authorization; a body is ignored. The token is valid for four "
        "hours.",
        answers={200: wire_calls.TokenResponse, **dict.fromkeys((401, 413, 500, 503), wire_calls.ErrorResponse)},
        examples=examples.TOKEN,
    ),
    Route(
        "POST", _shipping("/customsproduct"), catalog.add_customs_product, WRITE, "addCustomsProduct",
        "Add a customs product",
        description="Stores the properties of a product; items of orders can refer to it by customProductId.",
        request=wire_catalog.CustomsProductCreate,
        answers=_shipping_responses(400, 413, ok=wire_catalog.CustomsProductCreated, status=201),
        examples=examples_shipping.CUSTOMS_PRODUCT,
    ),
    Route(
        "POST", _shipping("/custom-carrier-codes"), catalog.add_carrier_code, WRITE, "createCustomCode",
        "Add a carrier code",
        description="Stores a code that stands for a carrier account with a parcel type, a service and special services. "
        "The same content again returns the same answer; different content under the code is a 400.",
        request=wire_catalog.CarrierCodeCreate,
        answers=_shipping_responses(400, 413, ok=wire_catalog.CarrierCodeCreated, status=201),
        examples=examples_shipping.CARRIER_CODE,
    ),
    _list(
        "carriers", reference_lists.list_carriers, "getCarriers", "List carriers", wire_lists.Carriers,
        description="Returns the carriers and what each can do; `domesticNotSupported` is a negative.",
    ),
    _list(
        "carrierAccounts", reference_lists.list_carrier_accounts, "getCarrierAccounts", "List carrier accounts",
        wire_lists.CarrierAccounts, description="Returns the accounts that the organization has with carriers.",
    ),
    _list(
        "countries", reference_lists.list_countries, "getCountries", "List destination countries",
        _array(wire_lists.Country), "carrier", "originCountryCode",
        description="Returns the countries that a carrier ships to from a country, as an array.",
    ),
    _list(
        "services", reference_lists.list_services, "getServices", "List services", _array(wire_lists.Service), *_ROUTE,
        description="Returns the services of a carrier between two countries, as an array.",
    ),
    _list(
        "parcelTypes", reference_lists.list_parcel_types, "getParcelTypes", "List parcel types",
        _array(wire_lists.ParcelType), *_ROUTE,
        description="Returns an entry for each parcel type and service of a carrier between two countries, as an array.",
    ),
    _list(
        "specialServices", reference_lists.list_special_services, "getSpecialServices", "List special services",
        wire_lists.SpecialServices, *_ROUTE, "service", "parcel",
        description="Returns the special services by service and parcel type, with their inputs and what they exclude.",
    ),
    Route(
        "GET", _shipping("/customsproduct"), catalog.list_customs_products, READ, "getCustomsProduct",
        "List customs products",
        description="Returns the products of the organization, newest first, whichever API created them.",
        parameters=_PAGE, answers=_shipping_responses(400, ok=wire_catalog.CustomsProducts),
        examples=examples_shipping.CUSTOMS_PRODUCTS,
    ),
    Route(
        "GET", _shipping("/customsproduct/{customsProductId}"), catalog.get_customs_product, READ,
        "getCustomsProductbyId", "Read a customs product",
        description="Returns a product of the organization as it was sent, except for what another API has changed since. "
        "A SKU is found too.",
        answers=_shipping_responses(404, ok=wire_catalog.CustomsProductRead),
        examples=examples_shipping.CUSTOMS_PRODUCT_READ,
    ),
    Route(
        "PUT", _shipping("/customsproduct/{customsProductId}"), catalog.update_customs_product, WRITE,
        "updateCustomsProduct", "Update a customs product",
        description="Replaces all properties. The id and the SKU stay: another itemId is a 400. The answer has no body.",
        request=wire_catalog.CustomsProductUpdate, answers=_shipping_responses(400, 404, 413, ok=None),
        examples=examples_shipping.CUSTOMS_PRODUCT_UPDATE,
    ),
    *_carrier_code_routes("custom-carrier-codes", "CustomCode", catalog.get_carrier_code, catalog.update_carrier_code),
    *_carrier_code_routes("shipviacode", "ShipViaCode", catalog.get_ship_via_code, catalog.update_ship_via_code),
    Route(
        "POST", _shipping("/defaults"), defaults.create_defaults, WRITE, "createDefaults", "Store default settings",
        description="Stores settings that a client uses again and again; Crossdock stores and returns them, and orders do not "
        "refer to them. The same content again under a defaultID returns the same answer; different content is a 400.",
        request=wire_defaults.Defaults, answers=_shipping_responses(400, 413, ok=wire_defaults.DefaultsCreated),
        examples=examples_shipping.DEFAULTS_CREATE,
    ),
    Route(
        "GET", _shipping("/defaults"), defaults.list_defaults, READ, "getAllDefaults", "List default settings",
        description="Returns default settings, newest first.",
        parameters=_PAGE, answers=_shipping_responses(400, ok=wire_defaults.DefaultsPage),
        examples=examples_shipping.DEFAULTS_LIST,
    ),
    Route(
        "GET", _shipping("/defaults/{defaultID}"), defaults.get_defaults, READ, "getDefaultsById", "Read default settings",
        answers=_shipping_responses(404, ok=wire_defaults.DefaultsRead), examples=examples_shipping.DEFAULTS_READ,
        description="Returns default settings as they were sent, with their times.",
    ),
    Route(
        "PUT", _shipping("/defaults/{defaultID}"), defaults.update_defaults, WRITE, "putDefaultsById",
        "Replace default settings",
        description="Replaces all members; the id stays, and a defaultID in the body is ignored. The answer has no body.",
        request=wire_defaults.Defaults, answers=_shipping_responses(400, 404, 413, ok=None),
        examples=examples_shipping.DEFAULTS_UPDATE,
    ),
    Route(
        "DELETE", _shipping("/defaults/{defaultID}"), defaults.delete_defaults, WRITE, "deleteDefaultsById",
        "Delete default settings", description="Deletes default settings. The answer has no body.",
        answers=_shipping_responses(404, ok=None),
    ),
    Route(
        "POST", _shipping("/printer/mapping"), defaults.put_printer, WRITE, "printerMapping", "Map a printer",
        description="Stores which device a printer's name stands for, in place of an earlier mapping. Nothing is printed.",
        request=wire_defaults.PrinterMapping,
        answers=_shipping_responses(400, 413, ok=wire_defaults.PrinterMappingCreated, status=201),
        examples=examples_shipping.PRINTER_PUT,
    ),
    Route(
        "GET", _shipping("/printer/mapping"), defaults.get_printer, READ, "getPrinterMapping",
        "Read the mapping of a printer", description="Returns the mapping of a printer, with its times.",
        parameters=(_ALIAS,), answers=_shipping_responses(400, 404, ok=wire_defaults.PrinterMappingRead),
        examples=examples_shipping.PRINTER_READ,
    ),
    Route(
        "DELETE", _shipping("/printer/mapping"), defaults.delete_printer, WRITE, "deletePrinterMapping",
        "Delete the mapping of a printer", description="Deletes the mapping of a printer. The answer has no body.",
        parameters=(_ALIAS,), answers=_shipping_responses(400, 404, ok=None),
    ),
    Route(
        "GET", _shipping("/shipments"), shipments.list_shipments, READ, "getAllShipments", "List shipments",
        description="Returns the packages that left in a period, the last one first, whoever recorded them. A period in which "
        "more than 2,000 orders with shipped units were changed is a 400.",
        parameters=(*_PERIOD, *_PAGE), answers=_shipping_responses(400, ok=wire_shipments.Shipments),
        examples=examples_shipping.SHIPMENTS,
    ),
    Route(
        "GET", _shipping("/shipments/{shipmentId}"), shipments.get_shipment, READ, "shipmentById", "Read a shipment",
        description="Returns a package that has left. Members that only a bought label has are left out.",
        answers=_shipping_responses(404, ok=wire_shipments.Shipment), examples=examples_shipping.SHIPMENT_READ,
    ),
    Route(
        "GET", _shipping("/pickups"), shipments.list_pickups, READ, "getPickups", "List pickups",
        description="Returns an empty list: Crossdock books no pickups with carriers.",
        parameters=(*_query("carrier"), *_PERIOD, _PICKUP_STATUS, _PAGE[0], _PICKUP_SIZE),
        answers=_shipping_responses(400, ok=wire_shipments.Pickups), examples=examples_shipping.PICKUPS,
    ),
    Route(
        # The vendor's page of this call names no base.
        "GET", ("/api/v1/webhook/events", *_shipping("/webhook/events")), shipments.list_tracking_events, READ,
        "getWebhookEvents", "List the kinds of tracking events",
        description="Returns the names that the vendor's tracking webhook has for events. Crossdock sends its own events, by "
        "webhooks that the hub's API registers.",
        answers=_responses(ok=_array(wire_shipments.TrackingEvent)), examples=examples_shipping.TRACKING,
    ),
)  # fmt: skip
