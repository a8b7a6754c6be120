"""Ventmere S2 words to canonical ones and back; pure. `FORMAT` is what the flows use.

Canonical homes: channelOrderId and its two alternatives, accountId, the two addresses, channelShippingMethod (service),
date, currency, items (SKU and description come from the product), ship-by, deliver-by, note. All else is a leftover.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

import msgspec

from crossdock.core.errors import Fault, Path
from crossdock.core.formats import decimal, is_date, is_date_time, is_utc_date_time, iso_time
from crossdock.core.identity import from_uuid, to_uuid
from crossdock.core.lifecycle import Counters, Status
from crossdock.core.order import Address, Content, Destination, Line, Order, Reference, Shipping
from crossdock.core.reading import Need, Reading, repeated, rows, take, unchecked
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.flows.book import NOTHING_MORE, Found, Gaps, Placement
from crossdock.store.registry import Entry, Membership, Organization, Person

Tree = Any
ACCOUNT = "s2/account"
PRODUCT = "s2/product"
PRODUCT_BY_SKU = "s2/product@name"
BRAND = "s2/brand"

_DOCUMENT = msgspec.json.Decoder(float_hook=Decimal)
_ALTERNATIVES = ("channelOrderIdAlt", "channelOrderIdAlt2")
_MEASURES = ("packageLengthMm", "packageWidthMm", "packageHeightMm", "shippingWeightKg",
             "caseLengthMm", "caseWidthMm", "caseHeightMm", "caseWeightKg")  # fmt: skip
# An order's answer spells its time 4 times, its organization 2+n times, its account and its products whole. What was
# spelled is remembered, which saves three quarters of the time; 1024 products of 2 kB are 2 MB in a process. It is
# shared: written into answers, never changed. A changed entry is another key.
_REMEMBERED = 1024
# Members of the answers that are the server's to say; what a sender puts there is not answered.
ANSWERED = frozenset(wire.Order.__struct_fields__) | {"accountId"}
_ITEM_ANSWERED = frozenset(wire.OrderItem.__struct_fields__) | {"productId"}
ATTACHMENT_ANSWERED = frozenset(wire.OrderAttachment.__struct_fields__)
_STATUS = {
    Status.OPEN: "UNFULFILLED",
    Status.ON_HOLD: "UNFULFILLED",
    Status.PARTIALLY_ALLOCATED: "UNFULFILLED",
    Status.ALLOCATED: "UNFULFILLED",
    Status.PARTIALLY_SHIPPED: "PARTIALLY_FULFILLED",
    Status.SHIPPED: "FULFILLED",
    Status.DELIVERED: "FULFILLED",
    Status.RETURNED: "FULFILLED",
    Status.CANCELED: "CANCELLED",
}


def spell_id(order_id: int) -> str:
    """Spell an order id as the vendor does: a UUID."""
    return to_uuid(order_id)


def read_id(text: str) -> int | None:
    """Read an order id; None where it cannot be one."""
    return from_uuid(text) if wire.is_uuid(text) else None


@lru_cache(_REMEMBERED)
def instant(us: int) -> str:
    """Spell microseconds since 1970 as the vendor does: UTC, up to 6 fractional digits without zeros at the end."""
    return iso_time(us, digits=6)[:-1].rstrip("0").rstrip(".") + "Z"


def key_for(organization: Organization, kind: str, name: str) -> str:
    """Make the UUID of a catalog entry from its name, so that of two requests adding it at once only one can."""
    return str(uuid5(UUID(organization.uuid), f"{kind}/{name}"))


# ------------------------------------------------------------------------------------------- accounts, products, brands
@lru_cache(_REMEMBERED)
def organization_answer(organization: Organization) -> dict[str, Tree]:
    """Spell an organization."""
    return {
        "id": organization.uuid,
        "name": organization.name,
        "createdAt": instant(organization.created_at),
        "updatedAt": instant(organization.updated_at),
    }


@lru_cache(_REMEMBERED)
def account_answer(entry: Entry, organization: Organization) -> dict[str, Tree]:
    """Spell a sales account."""
    document = document_of(entry)
    return {
        "id": entry.key,
        "organization": organization_answer(organization),
        "name": document["name"],
        "type": document["type"],
        "autoAssignOrdersToWarehouse": document["autoAssignOrdersToWarehouse"],
        "createdAt": instant(entry.created_at),
        "updatedAt": instant(entry.updated_at),
    }


def assigning(document: bytes, warehouse: str | None) -> bytes:
    """Give a sales account's document with the warehouse that its new orders are assigned to at once, or with none."""
    return encode_json(_DOCUMENT.decode(document) | {"autoAssignOrdersToWarehouse": warehouse})


def warehouse_of(entry: Entry) -> str | None:
    """Give the warehouse that a sales account's new orders are assigned to at once, or None."""
    warehouse: str | None = document_of(entry)["autoAssignOrdersToWarehouse"]
    return warehouse or None


@lru_cache(_REMEMBERED)
def product_answer(entry: Entry, organization: Organization) -> dict[str, Tree]:
    """Spell a product with its brand."""
    return _product(document_of(entry), organization, key=entry.key, times=(entry.created_at, entry.updated_at))


def _product(
    document: dict[str, Tree], organization: Organization, *, key: str, times: tuple[int, int], unknown: bool = False
) -> dict[str, Tree]:
    return {
        "id": key,
        "organization": organization_answer(organization),
        **document,
        "unknown": unknown,
        "createdAt": instant(times[0]),
        "updatedAt": instant(times[1]),
        "otherIds": [],
    }


def search_text(document: dict[str, Tree]) -> str:
    """Give what lists find an entry by: its SKU, where it has one, and its name."""
    return "\n".join(document[name] for name in ("sku", "name") if name in document)


def brand_document(name: str, now: int) -> dict[str, Tree]:
    """Make what is kept of a brand that is first named at `now` (microseconds since 1970)."""
    return {"name": name, "nameNormalized": name.lower(), "createdAt": instant(now)}


def brand_answer(entry: Entry) -> dict[str, Tree]:
    """Spell a brand; products keep a copy, because a brand never changes."""
    return {"id": entry.key, **document_of(entry)}


def product_document(sent: wire.ProductCreate, brand: dict[str, Tree]) -> dict[str, Tree]:
    """Make what is kept of a product: its members in the order they are answered, whole measures as 1500.0."""
    document: dict[str, Tree] = msgspec.structs.asdict(sent) | {"brand": brand}
    # brand stands second in the answer as it does in the shape, so replacing its value keeps the order
    return document | {name: _float(document[name]) for name in _MEASURES}


def _float(number: Decimal | int) -> Decimal:
    text = format(Decimal(number), "f")
    return Decimal(text if "." in text else text + ".0")


def document_of(entry: Entry) -> dict[str, Tree]:
    """Read a catalog entry's document, numbers as they were written."""
    document: dict[str, Tree] = _DOCUMENT.decode(entry.document)
    return document


def user_answer(person: Person, places: list[tuple[Organization, Membership]]) -> dict[str, Tree]:
    """Spell a person who signed in, with the organizations they belong to."""
    return {
        "id": to_uuid(person.person_id),
        "name": person.name,
        "email": person.email,
        "active": True,
        "inactiveReason": None,
        "createdAt": instant(person.created_at),
        "updatedAt": instant(person.updated_at),
        "organizations": [
            {"organization": organization_answer(organization), "role": place.role, "permissions": []}
            for organization, place in places
        ],
        "workspaces": [],
        "hostRole": "USER",
    }


# -------------------------------------------------------------------------------------------------------------- reading
def _unique_items(tree: Tree) -> Iterable[Fault]:
    """An item's id is its own within the order."""
    return repeated(tree, "items", "channelOrderItemId")


def _needs(tree: Tree) -> tuple[Need, ...]:
    """The account and every product must be the organization's; what is no UUID is a fault of its own."""
    if not isinstance(tree, dict):
        return ()
    named: list[tuple[str, Tree, Path]] = [(ACCOUNT, tree.get("accountId"), ("accountId",))]
    named += [(PRODUCT, item.get("productId"), ("items", place, "productId")) for place, item in rows(tree, "items")]
    return tuple(
        Need(kind, key.lower(), path) for kind, key, path in named if isinstance(key, str) and wire.is_uuid(key)
    )


def _address(sent: wire.Address | None) -> Address | None:
    if sent is None:
        return None
    return Address(
        name=sent.name or None,
        company=sent.company or None,
        lines=tuple(line for line in (sent.address1, sent.address2) if line),
        city=sent.city or None,
        region=sent.state or None,
        postal_code=sent.postalCode or None,
        country=sent.countryId or None,
        phone=sent.phone or None,
        email=sent.email or None,
    )


def _product_of(found: Found, key: str) -> Entry | None:
    """Find a product among what was looked up by id or by SKU."""
    if (entry := found.entries.get((PRODUCT, key))) is not None:
        return entry
    return next((each for each in found.entries.values() if each.kind == PRODUCT and each.key == key), None)


def _line(item: wire.Item, found: Found, placeholder: Tree) -> Line:
    key = item.productId.lower()
    entry = _product_of(found, key) if key else None
    product = product_answer(entry, found.organization) if entry is not None else placeholder or {}
    return Line(
        quantity=item.quantity,
        sku=product.get("sku") or None,
        line_ref=item.channelOrderItemId or None,
        product_ref=key or None,
        description=product.get("name") or None,
        unit_price=decimal(item.unitPrice),
    )


def _content(reading: Reading, found: Found) -> Content:
    sent: wire.OrderCreate = reading.shape
    return Content(
        number=sent.channelOrderId,
        lines=tuple(
            # only `spell` leaves a productId empty, and then says what it knows of the product beside it
            _line(item, found, row.get("product") if not item.productId else None)
            for item, row in zip(sent.items, reading.tree["items"], strict=True)
        ),
        destinations=(Destination(address=_address(sent.shippingAddress)),),
        account_ref=sent.accountId.lower() or None,
        references=tuple(Reference(name, value) for name in _ALTERNATIVES if (value := getattr(sent, name))),
        placed_at=sent.channelOrderDate or None,
        currency=sent.currencyId or None,
        bill_to=_address(sent.billingAddress),
        shipping=Shipping(service=sent.channelShippingMethod) if sent.channelShippingMethod else None,
        ship_by=sent.shipByDate,
        deliver_by=sent.deliverByDate,
        notes=sent.customerNote or None,
    )


# ------------------------------------------------------------------------------------------------------------- spelling
def _said(**members: Tree) -> dict[str, Tree]:
    return {name: value for name, value in members.items() if value is not None}


def _in_utc(text: str | None) -> str | None:
    """Spell a time in UTC, as this door's clients must be able to rely on; one that is already stays as it was sent."""
    if text is None or is_utc_date_time(text):
        return text
    if is_date(text):
        return f"{text}T00:00:00Z"
    if not is_date_time(text):
        return text
    offset = text[19:].lstrip(".0123456789")
    fraction = text[19 : len(text) - len(offset)]
    try:
        moment = datetime.fromisoformat(text[:19] + offset).astimezone(UTC)
    except (ValueError, OverflowError):  # an offset that leads out of the calendar
        return text
    return moment.replace(tzinfo=None).isoformat() + fraction + "Z"


def _spell_address(address: Address | None, gaps: Gaps, path: str) -> dict[str, Tree]:
    address = address or Address()
    first, second = address.lines[:1], address.lines[1:]
    said = {
        "name": address.name,
        "company": address.company,
        "address1": first[0] if first else None,
        "address2": ", ".join(second) or None,
        "city": address.city,
        "state": address.region,
        "postalCode": address.postal_code,
        "countryId": address.country,
        "phone": address.phone,
        "email": address.email,
    }
    return {name: gaps.fill(value, "", path, name) for name, value in said.items()}


def _spell_references(content: Content) -> dict[str, str]:
    """Put references under their own names where the vendor has them, others into what is left of the two places."""
    spelled = {each.name: each.value for each in content.references if each.name in _ALTERNATIVES}
    free = [name for name in _ALTERNATIVES if name not in spelled]
    others = [each.value for each in content.references if each.name not in _ALTERNATIVES]
    return spelled | dict(zip(free, others, strict=False))


def _method(content: Content) -> str | None:
    """Give how to ship, in the one free word this door has for it."""
    how = content.shipping or Shipping()
    wanted = content.destinations[0].method if content.destinations else None
    return how.service or how.service_name or wanted or how.carrier


def _spell_line(line: Line, place: int, found: Found, gaps: Gaps) -> dict[str, Tree]:
    """Spell a line; one whose product is not here says in `product` what little is known, for the answer."""
    entry = found.entries.get((PRODUCT, line.product_ref or "")) or found.entries.get((PRODUCT_BY_SKU, line.sku or ""))
    path = ("items", place)
    product = None
    if entry is None:
        product = {
            "sku": gaps.fill(line.sku, "", *path, "product", "sku"),
            "name": gaps.fill(line.description, "", *path, "product", "name"),
        }
    return _said(
        channelOrderItemId=gaps.fill(line.line_ref, "", *path, "channelOrderItemId"),
        productId=gaps.fill(entry.key if entry else None, "", *path, "product", "id"),
        product=product,
        quantity=line.quantity,
        unitPrice=gaps.fill(line.unit_price, 0, *path, "unitPrice"),
        meta={},
    )


def _spell(content: Content, found: Found, gaps: Gaps) -> dict[str, Tree]:
    account = found.entries.get((ACCOUNT, content.account_ref or ""))
    address = content.destinations[0].address if content.destinations else None
    return _said(
        accountId=gaps.fill(account.key if account else None, "", "account", "id"),
        channelOrderId=content.number,
        **_spell_references(content),
        channelShippingMethod=gaps.fill(_method(content), "", "channelShippingMethod"),
        shippingAddress=_spell_address(address, gaps, "shippingAddress"),
        billingAddress=_spell_address(content.bill_to, gaps, "billingAddress") if content.bill_to else None,
        meta={},
        channelOrderDate=gaps.fill(_in_utc(content.placed_at), "", "channelOrderDate"),
        currencyId=gaps.fill(content.currency, "", "currencyId"),
        items=[_spell_line(line, place, found, gaps) for place, line in enumerate(content.lines)],
        attachments=[],
        shipByDate=_in_utc(content.ship_by),
        deliverByDate=_in_utc(content.deliver_by),
        customerNote=content.notes,
    )


# -------------------------------------------------------------------------------------------------------------- answers
def _assign_status(counters: Iterable[Counters]) -> str:
    """Derive how much of what is still wanted has a warehouse; what was shipped had one."""
    wanted = assigned = 0
    for each in counters:
        wanted += each.ordered - each.canceled
        assigned += each.allocated + each.shipped
    if not assigned:
        return "PENDING"
    return "ASSIGNED" if assigned >= wanted else "PARTIALLY_ASSIGNED"


def _unknown_product(known: Tree, order: Order, organization: Organization) -> dict[str, Tree]:
    """Spell a product this door has never been told about, marked as such: empty but for what its order line says."""
    sent = wire.ProductCreate(
        sku=known["sku"], brand="", gtin="", name=known["name"], remarks="", imageMain="",
        packageLengthMm=0, packageWidthMm=0, packageHeightMm=0, shippingWeightKg=0,
        caseUnit="EACH", casePack=1, caseLengthMm=0, caseWidthMm=0, caseHeightMm=0, caseWeightKg=0,
        condition="NEW", serialNumberRequired=False, expiryDateRequired=False,
    )  # fmt: skip
    document = product_document(sent, {"id": "", **brand_document("", order.created_at)})
    times = (order.created_at, order.created_at)
    return _product(document, organization, key="", times=times, unknown=True)


def _unknown_account(order: Order, organization: Organization) -> dict[str, Tree]:
    """Spell the account of an order that came from elsewhere: the vendor's generic kind, without id and name."""
    return {
        "id": "",
        "organization": organization_answer(organization),
        "name": "",
        "type": "MARKETPLACE_GENERIC",
        "autoAssignOrdersToWarehouse": None,
        "createdAt": instant(order.created_at),
        "updatedAt": instant(order.created_at),
    }


def _address_answer(address: dict[str, Tree] | None) -> dict[str, Tree] | None:
    """Put an address in the vendor's order, whatever order it was sent in."""
    if address is None or tuple(address) == wire.Address.__struct_fields__:
        return address
    return {name: address[name] for name in wire.Address.__struct_fields__} | address


def _item_answer(item: dict[str, Tree], order: Order, found: Found) -> dict[str, Tree]:
    key = item["productId"].lower()
    entry = _product_of(found, key) if key else None
    product = (
        product_answer(entry, found.organization)
        if entry is not None
        else _unknown_product(item["product"], order, found.organization)
    )
    answer = {
        "channelOrderItemId": item["channelOrderItemId"],
        "product": product,
        "quantity": item["quantity"],
        "unitPrice": item["unitPrice"],
        "meta": item["meta"],
    }
    return _with_own(answer, item, _ITEM_ANSWERED)


def attachment_id(order_id: int, place: int) -> str:
    """Make the UUID of a file of an order from the order's and the file's place, so that every answer has the same.

    It is version 5 in the order's id as its namespace: what `uuid5` gives, for a quarter of its time.
    """
    namespace = bytes.fromhex(spell_id(order_id).replace("-", ""))
    digits = hashlib.sha1(namespace + f"attachment/{place}".encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _attachment_answer(attachment: dict[str, Tree], place: int, order: Order) -> dict[str, Tree]:
    time = instant(order.created_at)
    answer = {
        "id": attachment_id(order.order_id, place),
        "fileName": attachment["fileName"],
        "path": attachment["path"],
        "createdAt": time,
        "updatedAt": time,
    }
    return _with_own(answer, attachment, ATTACHMENT_ANSWERED)


def _with_own(answer: dict[str, Tree], document: dict[str, Tree], answered: frozenset[str]) -> dict[str, Tree]:
    """Add to an answer the members the sender added to what the vendor knows."""
    if not answered.issuperset(document):
        answer |= {name: value for name, value in document.items() if name not in answered}
    return answer


class S2Format:
    """The document of this door; see flows.book.Format."""

    name = "s2"
    lines = "items"
    number_path: Path = ("channelOrderId",)

    def read(self, raw: bytes) -> Reading:
        """See Format; an order number is unique within its sales account."""
        return take(
            raw,
            wire.OrderCreate,
            _unique_items,
            natural=lambda sent: (sent.accountId.lower(), sent.channelOrderId),
            needs=_needs,
        )

    def reread(self, document: dict[str, Tree]) -> Reading:
        """See Format."""
        return Reading(document, unchecked(document, wire.OrderCreate))

    def content(self, reading: Reading, found: Found) -> Content:
        """See Format."""
        return _content(reading, found)

    def needs(self, content: Content) -> tuple[Need, ...]:
        """See Format; an order from another door has its products looked up by SKU."""
        wanted: dict[tuple[str, str], None] = {}
        is_own = wire.is_uuid(content.account_ref or "")
        if content.account_ref and is_own:
            wanted[ACCOUNT, content.account_ref] = None
        for line in content.lines:
            if line.product_ref and wire.is_uuid(line.product_ref):
                wanted[PRODUCT, line.product_ref] = None
            if line.sku and not is_own:
                wanted[PRODUCT_BY_SKU, line.sku] = None
        return tuple(Need(kind, key, ()) for kind, key in wanted)

    def spell(self, content: Content, found: Found, gaps: Gaps) -> dict[str, Tree]:
        """See Format."""
        return _spell(content, found, gaps)

    def answer(self, document: dict[str, Tree], order: Order, found: Found) -> dict[str, Tree]:
        """See Format; the vendor's members in its own order, then what the sender added."""
        account = found.entries.get((ACCOUNT, document["accountId"].lower()))
        organization = found.organization
        answer = {
            "id": spell_id(order.order_id),
            "organization": organization_answer(organization),
            "account": account_answer(account, organization) if account else _unknown_account(order, organization),
            "accountSubChannel": None,
            "channelOrderId": document["channelOrderId"],
            "channelOrderIdAlt": document.get("channelOrderIdAlt"),
            "channelOrderIdAlt2": document.get("channelOrderIdAlt2"),
            "channelShippingMethod": document["channelShippingMethod"],
            "shippingAddress": _address_answer(document["shippingAddress"]),
            "shippingOverrideAddress": None,
            "billingAddress": _address_answer(document.get("billingAddress")),
            "meta": document["meta"],
            "channelOrderDate": document["channelOrderDate"],
            "status": _STATUS[order.status],
            "assignStatus": _assign_status(order.counters),
            "archived": order.archived,
            "currencyId": document["currencyId"],
            "items": [_item_answer(item, order, found) for item in document["items"]],
            "attachments": [
                _attachment_answer(each, place, order) for place, each in enumerate(document["attachments"])
            ],
            "fulfillments": [],
            "createdAt": instant(order.created_at),
            "updatedAt": instant(order.updated_at),
            "shipByDate": document.get("shipByDate"),
            "deliverByDate": document.get("deliverByDate"),
            "customerNote": document.get("customerNote"),
        }
        return _with_own(answer, document, ANSWERED)

    def reply(self, document: dict[str, Tree], order: Order, found: Found) -> bytes:
        """See Format; create answers the whole order."""
        return encode_json(self.answer(document, order, found))

    def placed(self, document: dict[str, Tree], order: Order, found: Found) -> Placement:
        """See Format; an account may name a warehouse that all its orders are assigned to."""
        account = found.entries.get((ACCOUNT, order.content.account_ref or ""))
        warehouse = account_answer(account, found.organization)["autoAssignOrdersToWarehouse"] if account else None
        return Placement(location_ref=warehouse) if warehouse else NOTHING_MORE


FORMAT = S2Format()
