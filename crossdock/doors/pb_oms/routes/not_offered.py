"""Calls that need a carrier, an address authority or a printer, with what each is answered; docs/doors/pb_oms.md lists them.

Why they are not offered: docs/decisions/0019-calls-that-need-a-carrier.md.
"""

from crossdock.doors import Route, not_offered

_RECORD = "POST /hub/v1/orders/{id}/ship records the parcel with its tracking number"
# By reason: the calls below /shipping/api, with their version.
_CALLS = {
    "Crossdock asks no carrier for rates. Ask the carrier, or the service that you buy labels from": (
        "POST v1/rates",
        "POST v1/multipiece/rates",
    ),
    f"Crossdock buys no labels from carriers. Buy the label from the carrier; {_RECORD}": (
        "POST v1/shipments",
        "POST v1/shipments/importUrl",
        "POST v1/shipments/batch/{batchId}/process",
        "POST v1/bulkShipments",
        "POST v1/multipiece/shipments",
        "POST v2/shipments",
    ),
    "Crossdock has no labels of carriers. Print the label again where it was bought; GET /hub/v1/fulfillments/{id}/labels "
    "makes labels with the address, without postage": (
        "GET v1/shipments/{shipmentId}/reprint",
        "GET v1/multipiece/shipments/{shipmentId}/reprint",
        "POST v2/shipments/reprint",
    ),
    "Crossdock buys no labels from carriers, so there are no batches of them. GET /shipping/api/v1/shipments lists the parcels "
    "that were recorded as shipped": (
        "GET v1/shipments/batch/{batchId}/status",
        "GET v1/shipments/batch/{batchId}/shipments",
    ),
    "Crossdock buys no labels from carriers, so it can void none. Void the label where it was bought": (
        "PUT v1/shipments/{shipmentId}/cancel",
        "PUT v1/multipiece/shipments/{shipmentId}/cancel",
        "POST v1/shipments/batch/{batchId}/void",
        "POST v2/shipments/cancel",
    ),
    "Crossdock buys no return labels from carriers. Buy the label from the carrier; POST /hub/v1/orders/{id}/returns records "
    "that units come back": ("POST v1/shipments/{shipmentId}/return",),
    "Crossdock buys no labels with an electronic return receipt, and USPS gives it no receipts. Buy them from USPS; "
    f"{_RECORD}": (
        "GET v1/err/shipments/{shipmentId}/signaturefile",
        "POST v1/err/shipments/bpod",
        "POST v1/err/shipments/importUrl",
        "POST v1/err/stamps/void",
        "POST v1/err/bulkShipments",
    ),
    "Crossdock books no pickups with carriers. Book the pickup with the carrier": (
        "POST v1/pickups",
        "PUT v1/pickups/cancel",
        "GET v1/pickups/{pickupId}/document",
        "POST v1/pickups/document",
    ),
    "Crossdock sends no manifests to carriers. Make the manifest where the labels were bought": (
        "POST v1/manifests",
        "POST v1/manifests/reprint",
    ),
    "Crossdock asks no postal authority about addresses. Verify the address with an address service before "
    "you create the order": (
        "POST v1/address/verify",
        "POST v1/address/suggest",
    ),
    "Crossdock sends nothing to printers. Print the PDF of GET /hub/v1/fulfillments/{id}/packing-slip or "
    "/hub/v1/fulfillments/{id}/labels yourself": (
        "POST v1/document/print",
        "GET v1/jobs/{jobId}",
    ),
}  # fmt: skip


def _route(call: str, reason: str) -> Route:
    method, path = call.split(" ")
    return not_offered(method, f"/shipping/api/{path}", f"/ca/shipping/api/{path}", reason=reason)


NOT_OFFERED = tuple(_route(call, reason) for reason, calls in _CALLS.items() for call in calls)
