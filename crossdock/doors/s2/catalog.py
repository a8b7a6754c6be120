"""Sales accounts, products, brands and users of this door: how they are kept and how they are answered.

Also how this door spells ids and times.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw

from crossdock.core.ids import from_uuid, to_uuid
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.flows import reference_data
from crossdock.flows.access import Caller
from crossdock.flows.context import Context
from crossdock.flows.formats import ReferenceData
from crossdock.flows.reference_data import CatalogEntry
from crossdock.flows.tenants import Membership, Organization, Person

Tree = Any
ACCOUNT = "s2/account"
PRODUCT = "s2/product"
PRODUCT_BY_SKU = "s2/product@name"
BRAND = "s2/brand"

_DOCUMENT = msgspec.json.Decoder(float_hook=Decimal)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_MEASURES = ("packageLengthMm", "packageWidthMm", "packageHeightMm", "shippingWeightKg",
             "caseLengthMm", "caseWidthMm", "caseHeightMm", "caseWeightKg")  # fmt: skip
# An order's answer holds its organization, its account and its products whole. They are remembered as the JSON they are
# answered as, so that an answer copies bytes where it would spell and encode them again; 1024 products of 2 kB are 2 MB in
# a process. A changed entry is another key.
_REMEMBERED = 1024
_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


def format_id(order_id: int) -> str:
    """Format an order id as the vendor does: a UUID."""
    return to_uuid(order_id)


def parse_id(text: str) -> int | None:
    """Read an order id; None where it cannot be one."""
    return from_uuid(text) if wire.is_uuid(text) else None


@lru_cache(_REMEMBERED)
def instant(us: int) -> str:
    """Format microseconds since 1970 as the vendor does: UTC, up to 6 fractional digits without zeros at the end."""
    text = (_EPOCH + us * _MICROSECOND).isoformat()  # writes a fraction only where there is one
    return (text.rstrip("0") if us % 1_000_000 else text) + "Z"


def key_for(organization: Organization, kind: str, name: str) -> str:
    """Make the UUID of a catalog entry from its name, so that of two requests adding it at once only one can."""
    return str(uuid5(UUID(organization.uuid), f"{kind}/{name}"))


# ------------------------------------------------------------------------------------------- accounts, products, brands
@lru_cache(_REMEMBERED)
def organization_answer(organization: Organization) -> Raw:
    """Format an organization."""
    return _json(
        {
            "id": organization.uuid,
            "name": organization.name,
            "createdAt": instant(organization.created_at),
            "updatedAt": instant(organization.updated_at),
        }
    )


@lru_cache(_REMEMBERED)
def account_answer(entry: CatalogEntry, organization: Organization) -> Raw:
    """Format a sales account."""
    document = document_of(entry)
    return _json(
        {
            "id": entry.key,
            "organization": organization_answer(organization),
            "name": document["name"],
            "type": document["type"],
            "autoAssignOrdersToWarehouse": document["autoAssignOrdersToWarehouse"],
            "createdAt": instant(entry.created_at),
            "updatedAt": instant(entry.updated_at),
        }
    )


def _json(answer: dict[str, Tree]) -> Raw:
    return Raw(encode_json(answer))


def assign(document: bytes, warehouse: str | None) -> bytes:
    """Return a sales account's document with the warehouse that its new orders are assigned to at once, or with none."""
    return encode_json(_DOCUMENT.decode(document) | {"autoAssignOrdersToWarehouse": warehouse})


@lru_cache(_REMEMBERED)
def warehouse_of(entry: CatalogEntry) -> str | None:
    """Return the warehouse that a sales account's new orders are assigned to at once, or None."""
    warehouse: str | None = document_of(entry)["autoAssignOrdersToWarehouse"]
    return warehouse or None


async def describe_organization(context: Context, caller: Caller) -> list[tuple[str, str]]:
    """Read what the program shows of an organization: its id here, and its newest sales accounts."""
    lines = [("s2 id", caller.organization.uuid)]
    accounts, _ = await reference_data.page(context, caller, kind=ACCOUNT, term=None, limit=100, offset=0)
    for account in accounts:
        warehouse = warehouse_of(account)
        suffix = f"  (assigns to {warehouse})" if warehouse else ""
        lines.append(("s2 account", f"{account.key}  {account.name}{suffix}"))
    return lines


@lru_cache(_REMEMBERED)
def product_answer(entry: CatalogEntry, organization: Organization) -> Raw:
    """Format a product with its brand."""
    times = (entry.created_at, entry.updated_at)
    return render_product(entry.document, organization, key=entry.key, times=times)


def render_product(
    document: bytes, organization: Organization, *, key: str, times: tuple[int, int], unknown: bool = False
) -> Raw:
    """Format a product: the fields of its stored document, as they are written there, between those of every entry.

    `times` are when it was made and last changed, microseconds since 1970.
    """
    before = {"id": key, "organization": organization_answer(organization)}
    after = {"unknown": unknown, "createdAt": instant(times[0]), "updatedAt": instant(times[1]), "otherIds": []}
    return _json(before | _FIELDS.decode(document) | after)


class ProductNames(TypedDict):
    """What order lines take from a product's document."""

    sku: str
    name: str


_NAMES = msgspec.json.Decoder(ProductNames)


@lru_cache(_REMEMBERED)
def names_of(entry: CatalogEntry) -> ProductNames:
    """Return a product's SKU and name."""
    return _NAMES.decode(entry.document)


def search_text(document: dict[str, Tree]) -> str:
    """Return what lists find an entry by: its SKU, where it has one, and its name."""
    return "\n".join(document[name] for name in ("sku", "name") if name in document)


def brand_document(name: str, now: int) -> dict[str, Tree]:
    """Make what is kept of a brand that is first named at `now` (microseconds since 1970)."""
    return {"name": name, "nameNormalized": name.lower(), "createdAt": instant(now)}


def brand_answer(entry: CatalogEntry) -> dict[str, Tree]:
    """Format a brand; products keep a copy, because a brand never changes."""
    return {"id": entry.key, **document_of(entry)}


def product_document(sent: wire.ProductCreate, brand: dict[str, Tree]) -> dict[str, Tree]:
    """Make what is kept of a product: its members in the order they are answered, whole measures as 1500.0."""
    document: dict[str, Tree] = msgspec.structs.asdict(sent) | {"brand": brand}
    # brand stands second in the answer as it does in the shape, so replacing its value keeps the order
    return document | {name: _float(document[name]) for name in _MEASURES}


def _float(number: Decimal | int) -> Decimal:
    text = format(Decimal(number), "f")
    return Decimal(text if "." in text else text + ".0")


def document_of(entry: CatalogEntry) -> dict[str, Tree]:
    """Read a catalog entry's document, numbers as they were written."""
    document: dict[str, Tree] = _DOCUMENT.decode(entry.document)
    return document


def user_answer(person: Person, places: list[tuple[Organization, Membership]]) -> dict[str, Tree]:
    """Format a person who signed in, with the organizations they belong to."""
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


def product_of(reference_data: ReferenceData, key: str) -> CatalogEntry | None:
    """Find a product among what was looked up by id or by SKU."""
    if (entry := reference_data.entries.get((PRODUCT, key))) is not None:
        return entry
    return next((each for each in reference_data.entries.values() if each.kind == PRODUCT and each.key == key), None)
