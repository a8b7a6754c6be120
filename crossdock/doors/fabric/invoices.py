"""Invoices in fabric's format; pure. They are those that Crossdock makes of every shipment and refund."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossdock.core.ids import to_hex24
from crossdock.core.invoicing.invoices import Invoice, InvoiceLine
from crossdock.core.orders.fulfillments import Fulfillment
from crossdock.core.orders.model import Order, line_ids
from crossdock.core.orders.payments import Refund
from crossdock.core.time import format_time
from crossdock.doors.fabric.shipment_lines import line_item_id
from crossdock.doors.fabric.shipments import address

Tree = Any
KIND = "fabric/invoice"
_ZERO = Decimal(0)
# Refunds without a return are returns of money too: fabric has no other type for them.
TYPES = {"shipment": "SHIPPING", "return": "RETURN", "appeasement": "APPEASEMENT", "refund": "RETURN"}


def fulfillment_of(invoice: Invoice, order: Order) -> Fulfillment | None:
    """Return the shipment that an invoice is for."""
    return next((each for each in order.fulfillments if each.fulfillment_id == invoice.fulfillment_id), None)


def invoice_document(invoice: Invoice, order: Order, document: Mapping[str, Tree]) -> dict[str, Tree]:
    """Render an invoice, its fields in the vendor's order; `document` is the order in fabric's format."""
    shipment = None if invoice.fulfillment_id is None else fulfillment_of(invoice, order)
    infos = document["shipInfo"]
    info = infos[shipment.destination] if shipment is not None and shipment.destination < len(infos) else infos[0]
    changed = max(invoice.at, invoice.posted_at or 0, invoice.acknowledged_at or 0)
    return {
        "invoiceId": to_hex24(invoice.invoice_id),
        "invoiceNumber": invoice.number,
        "invoiceStatus": "ISSUED" if invoice.kind == "shipment" else "CREDITED",
        "invoiceType": TYPES[invoice.kind],
        "invoiceDate": format_time(invoice.at),
        "shipmentId": "" if shipment is None else to_hex24(shipment.fulfillment_id),
        "shipmentNumber": None if shipment is None else shipment.reference,
        "shippedOn": _time(None if shipment is None else shipment.shipped_at),
        "orders": [_order(invoice, order, document, shipment)],
        "locationNum": None if shipment is None else _number(shipment.location),
        "location": None if shipment is None else {"locationNum": _number(shipment.location), "address": None},
        "retail": document.get("retail"),
        "channelId": document.get("channelId") or "",
        "invoiceTotal": invoice.total,
        "totalTaxAmount": invoice.components.get("tax", _ZERO),
        "currency": invoice.currency or "",
        "statusCode": invoice.status.upper(),
        "createdAt": format_time(invoice.at),
        "updatedAt": format_time(changed),
        "postedAt": _time(invoice.posted_at),
        "acknowledgedAt": _time(invoice.acknowledged_at),
        "customer": _customer(document),
        "auditLogs": _audit_logs(invoice),
        "shipInfo": info,
        "attributes": {},
    }


def _time(at: int | None) -> str | None:
    return None if at is None else format_time(at)


def _number(location: str) -> int | str:
    """Render a location as a number, where it is one; the vendor types this field so."""
    return int(location) if location.isascii() and location.isdigit() and len(location) < 16 else location


def _customer(document: Mapping[str, Tree]) -> Tree:
    customer = document.get("customer")
    if not customer:
        return None
    payments = document.get("payments") or [{}]
    return dict(customer) | {"address": address(payments[0].get("billToAddress"))}


def _audit_logs(invoice: Invoice) -> list[Tree]:
    moments = (("CREATE", invoice.at), ("POST", invoice.posted_at), ("ACKNOWLEDGE", invoice.acknowledged_at))
    return [
        {"auditType": kind, "auditTimestamp": format_time(at), "source": None, "note": None, "updatedFields": []}
        for kind, at in moments
        if at is not None
    ]


def _order(
    invoice: Invoice, order: Order, document: Mapping[str, Tree], shipment: Fulfillment | None
) -> dict[str, Tree]:
    tax = invoice.components.get("tax")
    fees = [
        {"type": name, "value": invoice.components[name]}
        for name in ("fees", "shipping", "duty")
        if invoice.components.get(name)
    ]
    discount = invoice.components.get("discount")
    refund = next((each for each in order.refunds if each.refund_id == invoice.refund_id), None)
    appeasements = _appeasements(refund) if not _is_of_line(refund) else []
    return {
        "orderId": to_hex24(order.order_id),
        "orderNumber": order.content.number,
        "orderDate": document.get("orderDate"),
        "orderType": document.get("type"),
        "orderSubType": document.get("subType"),
        "invoiceOrderTotal": invoice.total,
        "items": [
            _item(line, invoice, order, document, shipment) | (_of_line(refund) if _is_of_line(refund) else {})
            for line in _lines(invoice, order, refund)
        ],
        "payments": [
            {name: value for name, value in payment.items() if name != "paymentLog"}
            for payment in document.get("payments") or ()
        ],
        "fees": fees,
        "appeasements": appeasements,
        "discounts": [{"amount": discount}] if discount else [],
        "taxDetail": [{"type": "tax", "value": tax}] if tax else [],
        "attributes": document.get("attributes") or {},
    }


def _appeasements(refund: Refund | None) -> list[dict[str, Tree]]:
    if refund is None or refund.kind != "appeasement":
        return []
    return [{"reasonCode": refund.reason, "value": refund.amount, "invoiceValue": refund.amount}]


def _of_line(refund: Refund | None) -> dict[str, Tree]:
    """Return the members of the item that goodwill was given for."""
    appeasements = _appeasements(refund)
    return {"itemAppeasementTotal": sum((each["value"] for each in appeasements), _ZERO), "appeasements": appeasements}


def _is_of_line(refund: Refund | None) -> bool:
    """Tell whether a refund is goodwill for a line."""
    return refund is not None and refund.kind == "appeasement" and bool(refund.by_line) and not refund.lines


def _lines(invoice: Invoice, order: Order, refund: Refund | None) -> list[InvoiceLine]:
    """Return the lines of an invoice; of a refund those that it was for, with what each of them got."""
    lines = list(invoice.lines)
    if refund is not None:
        units, amounts = dict(refund.lines), dict(refund.by_line)
        lines = [
            InvoiceLine(
                line, units.get(line, 0), {}, -amounts.get(line, _ZERO), order.content.lines[line].sku if line >= 0 else None
            )
            for line in dict.fromkeys((*units, *amounts))
        ]  # fmt: skip
    return [line for line in lines if 0 <= line.line < len(order.content.lines)]


def _item(
    line: InvoiceLine, invoice: Invoice, order: Order, document: Mapping[str, Tree], shipment: Fulfillment | None
) -> dict[str, Tree]:
    item: Mapping[str, Tree] = document["items"][line.line]
    packages = shipment.packages if shipment is not None else ()
    carton = next((each for each in packages if line.line in dict(each.lines)), None)
    parts = line.components
    return {
        "lineItemId": line_ids(order.content.lines)[line.line],
        "lineItemNumber": item.get("lineItemNumber"),
        "shipmentLineItemId": None if carton is None else line_item_id(carton, line.line),
        "itemId": item.get("itemId"),
        "orderId": to_hex24(order.order_id),
        "type": item.get("type"),
        "sku": line.sku,
        "invoiceQuantity": line.quantity,
        "itemUnitPrice": line.unit_price if line.unit_price is not None else item.get("itemUnitPrice"),
        "invoiceLineTotal": line.total,
        "itemDiscountsTotal": parts.get("discount", _ZERO),
        "itemTaxTotal": parts.get("tax", _ZERO),
        "itemFeeTotal": sum((parts.get(name, _ZERO) for name in ("fees", "shipping", "duty")), _ZERO),
        "itemAppeasementTotal": _ZERO,
        "lineItemCreatedAt": format_time(order.created_at),
        "locationStoreId": None if shipment is None else shipment.location,
        "returnExpiryDays": None,
        "currency": invoice.currency,
        "fees": [],
        "taxDetail": [{"type": "tax", "value": parts["tax"]}] if parts.get("tax") else [],
        "appeasements": [],
        "discount": [{"value": parts["discount"]}] if parts.get("discount") else [],
        "shipToId": item.get("shipToId"),
        "returns": [],
        "attributes": item.get("attributes") or {},
        "uom": item.get("uom"),
    }
