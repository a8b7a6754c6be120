"""The form that edits an order: its fields, and the change of the order's document that what was typed means."""

import re
from itertools import pairwise
from typing import Any

from crossdock.core.orders.commands import EditOrder
from crossdock.core.orders.model import Address, Order
from crossdock.web.console.page import PageRequest
from crossdock.web.console.pages.order_fields import MAX_LINES, MAX_NOTE, Field, Typed, text_field
from crossdock.web.console.pages.order_words import line_name

Tree = Any
# Destinations with fields of their own; an order with more is edited through the API.
MAX_DESTINATIONS = 3
_ADDRESS = (
    ("name", "Name"), ("company", "Company"), ("lines", "Street"), ("postal_code", "Postal code"), ("city", "City"),
    ("region", "Region"), ("country", "Country"), ("phone", "Phone"), ("email", "E-mail"),
)  # fmt: skip
_CUSTOMER = (("name", "Name"), ("email", "E-mail"), ("phone", "Phone"))
_QUANTITY = re.compile(r"[0-9]{1,9}").fullmatch


def edit_fields(request: PageRequest, order: Order) -> list[Field]:
    """Return the fields of an edit, with what the order says."""
    t = request.t
    content = order.content
    fields: list[Field] = []
    destinations = content.destinations[:MAX_DESTINATIONS] or (None,)
    for place, destination in enumerate(destinations):
        group = t("Ship to") if len(destinations) == 1 else t("Ship to, address {n}", n=place + 1)
        address = destination.address if destination else None
        fields += _address_fields(request, f"destinations.{place}.address", group, address)
    fields += _address_fields(request, "bill_to", t("Bill to"), content.bill_to)
    for name, label in _CUSTOMER:
        value = getattr(content.customer, name) if content.customer else None
        fields.append(text_field(request, f"customer.{name}", t(label), value, group=t("Customer")))
    fields.append(
        text_field(
            request, "references", t("References"), _references_text(order), kind="textarea",
            hint=t("One a line, such as: purchase_order: 4711"), group=t("More"),
        )
    )  # fmt: skip
    fields.append(
        text_field(request, "notes", t("Notes of the order"), content.notes, kind="textarea", group=t("More"))
    )
    rows = tuple(
        (position, line_name(order, position), 999_999_999, request.form.get(f"units-{position}", str(line.quantity)))
        for position, line in enumerate(content.lines[:MAX_LINES])
    )
    fields.append(Field("units", t("Quantities"), "units", limits=rows, hint=t("0 removes a line.")))
    return fields


def _address_fields(request: PageRequest, prefix: str, group: str, address: Address | None) -> list[Field]:
    fields = []
    for name, label in _ADDRESS:
        value = getattr(address, name) if address else None
        if name == "lines":
            value = "\n".join(value or ())
        kind = "textarea" if name == "lines" else "text"
        hint = request.t("Two letters, such as US.") if name == "country" else None
        fields.append(
            text_field(request, f"{prefix}.{name}", request.t(label), value, kind=kind, group=group, hint=hint)
        )
    return fields


def _references_text(order: Order) -> str:
    return "\n".join(f"{each.name}: {each.value}" for each in order.content.references)


# --------------------------------------------------------------------------------------------------------------- the change
def edit_command(order: Order, typed: Typed) -> EditOrder:
    """Return the edit that changes what was typed otherwise than the order has it, and nothing else."""
    changes = _text_changes(order, typed)
    if "references" in typed.form and _clean(typed.form["references"]) != _references_text(order):
        changes.append((("references",), _references(typed)))
    quantities = _quantities(order, typed)

    def change(document: dict[str, Tree], _: Order) -> dict[str, Tree]:
        for path, value in changes:
            _put(document, path, value)
        for position, quantity in quantities.items():
            document["lines"][position]["quantity"] = quantity
        removed = {position for position, quantity in quantities.items() if quantity == 0}
        document["lines"] = [line for place, line in enumerate(document["lines"]) if place not in removed]
        return document

    return EditOrder(
        order_id=order.order_id, version=order.version, door="hub", change=change, reason=typed.reason()
    )  # fmt: skip


def _text_changes(order: Order, typed: Typed) -> list[tuple[tuple[str | int, ...], Tree]]:
    changes: list[tuple[tuple[str | int, ...], Tree]] = []
    for field in edit_fields(typed.request, order):
        if field.name not in typed.form or field.name in ("references", "units"):
            continue
        new = typed.text(field.name, most=MAX_NOTE)
        path = tuple(int(part) if part.isdigit() else part for part in field.name.split("."))
        if (new or "") != _current(order, path):
            is_street = path[-1] == "lines"
            changes.append(
                (path, [line.strip() for line in (new or "").split("\n") if line.strip()] if is_street else new)
            )
    return changes


def _current(order: Order, path: tuple[str | int, ...]) -> str:
    """Return what the order says at a path, as the form shows it."""
    node: Tree = order.content
    for part in path:
        is_there = not isinstance(part, int) or part < len(node)
        node = (node[part] if isinstance(part, int) else getattr(node, part)) if is_there else None
        if node is None:
            return ""
    return "\n".join(node) if isinstance(node, tuple) else _clean(str(node))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _references(typed: Typed) -> list[dict[str, str]]:
    references = []
    for line in _clean(typed.form["references"]).split("\n"):
        name, separator, value = line.partition(":")
        if not line.strip():
            continue
        if not separator or not name.strip() or not value.strip():
            typed.faults["references"] = typed.request.t("Write a name, a colon and a number in each line.")
        references.append({"name": name.strip(), "value": value.strip()})
    return references


def _quantities(order: Order, typed: Typed) -> dict[int, int]:
    changed = {}
    for position, line in enumerate(order.content.lines[:MAX_LINES]):
        text = typed.form.get(f"units-{position}", str(line.quantity)).strip()
        if not _QUANTITY(text):
            typed.faults[f"units-{position}"] = typed.request.t("Write a whole number.")
        elif int(text) != line.quantity:
            changed[position] = int(text)
    if changed and all(changed.get(position) == 0 for position in range(len(order.content.lines))):
        typed.faults["units-0"] = typed.request.t("An order has one line at least. Cancel it instead.")
    return changed


def _put(document: dict[str, Tree], path: tuple[str | int, ...], value: Tree) -> None:
    """Put a value into a document, making the objects on the way; None takes the member away."""
    node: Tree = document
    for part, after in pairwise(path):
        if isinstance(part, int):
            if part >= len(node):
                node.append({})
            node = node[part]
        else:
            if node.get(part) is None:
                if value in (None, []):
                    return
                node[part] = [] if isinstance(after, int) else {}
            node = node[part]
    last = path[-1]
    if value is None:
        node.pop(last, None)
    else:
        node[last] = value
