"""Fields of an order's response that follow from its shipments, returns and refunds; pure.

Amounts are computed only of orders that have any of these, because most orders that are read have none.
"""

from decimal import Decimal, localcontext
from typing import Any

from crossdock.core.ids import to_hex24
from crossdock.core.money import PRECISION
from crossdock.core.orders.model import Order
from crossdock.core.orders.payments import Refund
from crossdock.core.returns.refunds import line_components, total_of, units_share
from crossdock.core.time import format_time
from crossdock.doors.fabric import wire_responses as wire
from crossdock.doors.fabric.shipment_lines import line_item_id

Tree = Any
APPEASEMENT = "appeasement/"
_ZERO = Decimal(0)


def appeasement_reference(counter: int) -> str:
    """Return the reference of the refund that an `appeasementCounter` stands for."""
    return f"{APPEASEMENT}{counter}"


def set_fulfillment_fields(response: Any, order: Order) -> None:
    """Set quantities and amounts of the items and of the order; the response is changed."""
    with localcontext(prec=PRECISION):
        _set_quantities(response, order)
        _set_amounts(response, order)


# ------------------------------------------------------------------------------------------------------------ quantities
def _set_quantities(response: Any, order: Order) -> None:
    count = len(order.counters)
    for each in order.fulfillments:
        for line in each.lines:
            if each.kind == "reship" and 0 <= line.line < count:
                response.items[line.line].reshippedQuantity += line.shipped
    for returned in order.returns:
        for part in returned.lines:
            if not 0 <= part.line < count:
                continue
            item = response.items[part.line]
            item.processingReturnQuantity += part.unjudged
            item.rejectedReturnQuantity += part.rejected
            item.returnedQuantity -= part.unjudged + part.rejected
            if returned.exchange:
                item.pendingReturnQuantity -= part.expected
                item.pendingExchangeQuantity += part.expected
                item.exchangeQuantity += part.received - part.rejected
    for item, counters in zip(response.items, order.counters, strict=True):
        if status := _return_status(item, counters.ordered - counters.canceled):
            item.lineOrderStatus = status


def _return_status(item: Any, live: int) -> str | None:
    """Return the status of a line with returns that are open or refused; None where its counters say enough."""
    if item.processingReturnQuantity:
        return "RETURN_PROCESSING"
    if item.pendingExchangeQuantity:
        return "PENDING_EXCHANGE"
    if item.pendingReturnQuantity:
        return "PENDING_RETURN"
    if item.exchangeQuantity:
        return "EXCHANGED"
    if item.rejectedReturnQuantity and not item.returnedQuantity:
        return "RETURN_REJECTED"
    if item.returnedQuantity and item.returnedQuantity != live:
        return "PARTIAL_RETURN"
    return None


# --------------------------------------------------------------------------------------------------------------- amounts
def _set_amounts(response: Any, order: Order) -> None:
    shares = line_components(order.content) if any(line.shipped for line in order.counters) else []
    content = order.content
    for place, line in enumerate(order.counters):
        if line.shipped:
            parts = {
                name: units_share(
                    whole, of=content.lines[place].quantity, before=0, units=line.shipped, currency=content.currency
                )
                for name, whole in shares[place].items()
            }
            item = response.items[place]
            item.invoiceQuantity = line.shipped
            item.invoiceTotal = total_of(parts, tax_included=content.tax_included)
    response.invoiceTotal = sum((item.invoiceTotal for item in response.items), _ZERO) or 0
    for refund in order.refunds:
        if refund.kind == "appeasement":
            _add_appeasement(response, refund)
        elif refund.kind == "return":
            _add_refund(response, refund)
    _add_returns(response, order)


def _add_appeasement(response: Any, refund: Refund) -> None:
    """Add goodwill where it was given, to the order or to a line; the order's total has both."""
    response.appeasementTotal += refund.amount
    places = [line for line, _ in refund.by_line if 0 <= line < len(response.items)] if not refund.lines else []
    owner = response.items[places[0]] if places else response
    number = (refund.reference or "").removeprefix(APPEASEMENT)
    entry = wire.Appeasement(
        appeasementCounter=int(number) if number.isdigit() else len(owner.appeasements) + 1, reasonCode=refund.reason,
        subReasonCode=None, value=refund.amount, invoiceValue=refund.amount, payments=[],
    )  # fmt: skip
    owner.appeasements = [*owner.appeasements, entry]
    if owner is not response:
        owner.appeasementTotal += refund.amount


def _add_refund(response: Any, refund: Refund) -> None:
    response.returnTotal += refund.amount
    if len(refund.lines) == 1 and 0 <= (place := refund.lines[0][0]) < len(response.items):
        response.items[place].refundAmount += refund.amount


def _add_returns(response: Any, order: Order) -> None:
    for each in order.returns:
        for part in each.lines:
            if not part.received or not 0 <= part.line < len(response.items):
                continue
            found = next(
                (
                    (fulfillment, package)
                    for fulfillment in order.fulfillments
                    for package in fulfillment.packages
                    if package.shipped and part.line in dict(package.lines)
                ),
                None,
            )
            refunded = [
                refund.amount
                for refund in order.refunds
                if refund.return_id == each.return_id and [line for line, _ in refund.lines] == [part.line]
            ]
            entry = wire.ItemReturn(
                shipmentId="" if found is None else to_hex24(found[0].fulfillment_id),
                shipmentLineId="" if found is None else line_item_id(found[1], part.line),
                shipmentQuantity=part.received, refundAmount=sum(refunded, _ZERO), invoicedAmount=sum(refunded, _ZERO),
                returnsCreatedAt=format_time(each.at),
            )  # fmt: skip
            response.items[part.line].returns = [*response.items[part.line].returns, entry]
