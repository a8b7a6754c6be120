"""Catalog of Ventmere S2: sales accounts, products, brands and users, as they are stored and as they are returned.

Also the formats of ids and times.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw

from crossdock.core.catalog import products
from crossdock.core.catalog.products import Product, decode_product
from crossdock.core.ids import from_uuid, to_uuid
from crossdock.doors import encode_json
from crossdock.doors.s2 import wire
from crossdock.flows.formats import ReferenceData
from crossdock.flows.reference_data import CatalogEntry
from crossdock.flows.tenants import Membership, Organization, Person

Tree = Any
ACCOUNT = "s2/account"
PRODUCT = products.KIND
PRODUCT_BY_SKU = f"{PRODUCT}@name"
BRAND = "s2/brand"
# The id of what an order of another door has not: its account, and the brand of a product that is not in the catalog.
NO_ID = "00000000-0000-0000-0000-000000000000"

_DOCUMENT = msgspec.json.Decoder(float_hook=Decimal)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_MEASURES = ("packageLengthMm", "packageWidthMm", "packageHeightMm", "shippingWeightKg",
             "caseLengthMm", "caseWidthMm", "caseHeightMm", "caseWeightKg")  # fmt: skip
# The response of an order contains its organization, its account and its products. They are cached as JSON, so that a response
# copies bytes instead of encoding them again. 1024 products of 2 kB are 2 MB in a process. A changed entry is another key.
_CACHE_SIZE = 1024
_EPOCH, _MICROSECOND = datetime(1970, 1, 1), timedelta(microseconds=1)


def format_id(order_id: int) -> str:
    """Format an order id as a UUID."""
    return to_uuid(order_id)


def parse_id(text: str) -> int | None:
    """Parse an order id; None if `text` is not the id of any order."""
    return from_uuid(text) if wire.is_uuid(text) else None


@lru_cache(_CACHE_SIZE)
def format_time(us: int) -> str:
    """Format microseconds since 1970 in UTC, with up to 6 fractional digits and no trailing zeros, as the vendor does."""
    text = (_EPOCH + us * _MICROSECOND).isoformat()  # writes a fraction only where there is one
    return (text.rstrip("0") if us % 1_000_000 else text) + "Z"


def s2_id(organization: Organization) -> str:
    """Return S2's id of an organization, a UUID; it is stored in the column `uuid` and only this vendor has such an id."""
    return organization.uuid


def with_version_4(uuid: UUID) -> str:
    """Format a computed UUID with the version digit 4, because some clients' checks of UUIDs accept no other."""
    digits = str(uuid)
    return f"{digits[:14]}4{digits[15:]}"


def key_for(organization: Organization, kind: str, name: str) -> str:
    """Compute the UUID of a catalog entry from its kind and name, so that only one of two concurrent requests can add it.

    Keys are stored: another UUID for the same name would add the entry a second time. Entries of earlier releases, whose
    keys had version 5, are found by their name before a key is computed.
    """
    return with_version_4(uuid5(UUID(s2_id(organization)), f"{kind}/{name}"))


def product_id_for(organization: Organization, sku: str) -> str:
    """Compute the UUID of a product that this door adds; computed as in earlier releases, but for the version."""
    return key_for(organization, "s2/product", sku)


def unknown_product_id(organization: Organization, sku: str, name: str) -> str:
    """Compute the UUID of a product that is not in the catalog: the one it would get there, if it has a SKU."""
    return product_id_for(organization, sku) if sku else key_for(organization, "s2/product without sku", name)


# ------------------------------------------------------------------------------------------- accounts, products, brands
@lru_cache(_CACHE_SIZE)
def organization_response(organization: Organization) -> Raw:
    """Render an organization."""
    return _json(
        {
            "id": s2_id(organization),
            "name": organization.name,
            "createdAt": format_time(organization.created_at),
            "updatedAt": format_time(organization.updated_at),
        }
    )


@lru_cache(_CACHE_SIZE)
def account_response(entry: CatalogEntry, organization: Organization) -> Raw:
    """Render a sales account."""
    document = parse_document(entry)
    return _json(
        {
            "id": entry.key,
            "organization": organization_response(organization),
            "name": document["name"],
            "type": document["type"],
            "autoAssignOrdersToWarehouse": document["autoAssignOrdersToWarehouse"],
            "createdAt": format_time(entry.created_at),
            "updatedAt": format_time(entry.updated_at),
        }
    )


def _json(response: dict[str, Tree]) -> Raw:
    return Raw(encode_json(response))


def assign(document: bytes, warehouse: str | None) -> bytes:
    """Set the warehouse that new orders of a sales account are assigned to, or none, in the account's document."""
    return encode_json(_DOCUMENT.decode(document) | {"autoAssignOrdersToWarehouse": warehouse})


@lru_cache(_CACHE_SIZE)
def warehouse_of(entry: CatalogEntry) -> str | None:
    """Return the warehouse that new orders of a sales account are assigned to, or None."""
    warehouse: str | None = parse_document(entry)["autoAssignOrdersToWarehouse"]
    return warehouse or None


def account_document(name: str) -> dict[str, Tree]:
    """Make the stored document of a sales account."""
    return {"name": name, "type": "MARKETPLACE_GENERIC", "autoAssignOrdersToWarehouse": None}


def describe_account(document: bytes) -> tuple[str, str | None]:
    """Return the name in a sales account's document, and the warehouse that new orders are assigned to, or None."""
    account = _DOCUMENT.decode(document)
    return account["name"], account["autoAssignOrdersToWarehouse"] or None


@lru_cache(_CACHE_SIZE)
def product_response(entry: CatalogEntry, organization: Organization) -> Raw:
    """Render a product with its brand."""
    times = (entry.created_at, entry.updated_at)
    document = encode_json(product_fields(entry, organization))
    return render_product(document, organization, key=entry.key, times=times)


def product_fields(entry: CatalogEntry, organization: Organization) -> dict[str, Tree]:
    """Return S2's fields of a product; what another door or an import did not say has S2's value for nothing."""
    product = decode_product(entry.document)
    own = product.door_fields.get("s2", {})
    brand = own.get("brand")
    if brand is None or brand["name"] != (product.brand or ""):
        name = product.brand or ""
        brand = {"id": key_for(organization, BRAND, name), **brand_document(name, entry.created_at)}
    zero = Decimal("0.0")
    return {
        "sku": product.sku or "",
        "brand": brand,
        "gtin": product.gtin or "",
        "name": product.name or product.description or product.sku or "",
        "remarks": own.get("remarks", product.description or ""),
        "imageMain": product.image or "",
        "packageLengthMm": _measure(product.length),
        "packageWidthMm": _measure(product.width),
        "packageHeightMm": _measure(product.height),
        "shippingWeightKg": _measure(product.weight),
        "caseUnit": own.get("caseUnit", "EACH"),
        "casePack": own.get("casePack", 1),
        "caseLengthMm": own.get("caseLengthMm", zero),
        "caseWidthMm": own.get("caseWidthMm", zero),
        "caseHeightMm": own.get("caseHeightMm", zero),
        "caseWeightKg": own.get("caseWeightKg", zero),
        "condition": own.get("condition", "NEW"),
        "serialNumberRequired": own.get("serialNumberRequired", False),
        "expiryDateRequired": own.get("expiryDateRequired", False),
    }


def _measure(number: Decimal | None) -> Decimal:
    return _float(Decimal(0) if number is None else number)


def render_product(
    document: bytes, organization: Organization, *, key: str, times: tuple[int, int], unknown: bool = False
) -> Raw:
    """Render a product: the members of its stored document, with their numbers as written, between those of every entry.

    `times` are its creation and its last change, microseconds since 1970.
    """
    before = {"id": key, "organization": organization_response(organization)}
    after = {"unknown": unknown, "createdAt": format_time(times[0]), "updatedAt": format_time(times[1]), "otherIds": []}
    return _json(before | _FIELDS.decode(document) | after)


class ProductNames(TypedDict):
    """The members of a product that order lines use."""

    sku: str
    name: str


@lru_cache(_CACHE_SIZE)
def parse_names(entry: CatalogEntry) -> ProductNames:
    """Return a product's SKU and name."""
    product = decode_product(entry.document)
    return {"sku": product.sku or "", "name": product.name or product.description or product.sku or ""}


def brand_document(name: str, now: int) -> dict[str, Tree]:
    """Make the stored document of a brand created at `now` (microseconds since 1970)."""
    return {"name": name, "nameNormalized": name.lower(), "createdAt": format_time(now)}


def brand_response(entry: CatalogEntry) -> dict[str, Tree]:
    """Render a brand; a product's document contains a copy, because brands never change."""
    return {"id": entry.key, **parse_document(entry)}


_UNKNOWN_PRODUCT = wire.ProductCreate(
    sku="", brand="", gtin="", name="", remarks="", imageMain="",
    packageLengthMm=0, packageWidthMm=0, packageHeightMm=0, shippingWeightKg=0,
    caseUnit="EACH", casePack=1, caseLengthMm=0, caseWidthMm=0, caseHeightMm=0, caseWeightKg=0,
    condition="NEW", serialNumberRequired=False, expiryDateRequired=False,
)  # fmt: skip


def unknown_product_document(sku: str, name: str, at: int) -> dict[str, Tree]:
    """Make the document of a product that is not in the catalog, of which only its SKU and a name are known since `at`."""
    brand = {"id": NO_ID, **brand_document("", at)}
    return product_document(_UNKNOWN_PRODUCT, {}) | {"sku": sku, "brand": brand, "name": name}


# Members of a product that only S2 has; the canonical product stores them as they are.
_OWN_FIELDS = ("brand", "remarks", "caseUnit", "casePack", "caseLengthMm", "caseWidthMm", "caseHeightMm", "caseWeightKg",
               "condition", "serialNumberRequired", "expiryDateRequired")  # fmt: skip


def to_product(document: dict[str, Tree]) -> Product:
    """Map a product's document (see product_document) to the canonical product."""
    return Product(
        sku=document["sku"] or None,
        name=document["name"] or None,
        brand=document["brand"]["name"] or None,
        gtin=document["gtin"] or None,
        image=document["imageMain"] or None,
        length=document["packageLengthMm"],
        width=document["packageWidthMm"],
        height=document["packageHeightMm"],
        weight=document["shippingWeightKg"],
        door_fields={"s2": {name: document[name] for name in _OWN_FIELDS}},
    )


def product_document(body: wire.ProductCreate, brand: dict[str, Tree]) -> dict[str, Tree]:
    """Make the document of a product: its members in the order of the response, whole measures as 1500.0."""
    document: dict[str, Tree] = msgspec.structs.asdict(body) | {"brand": brand}
    # `brand` is the second member of the body and of the response: replacing its value keeps the order
    return document | {name: _float(document[name]) for name in _MEASURES}


def _float(number: Decimal | int) -> Decimal:
    text = format(Decimal(number), "f")
    return Decimal(text if "." in text else text + ".0")


def parse_document(entry: CatalogEntry) -> dict[str, Tree]:
    """Parse a catalog entry's document, with its numbers as written."""
    document: dict[str, Tree] = _DOCUMENT.decode(entry.document)
    return document


def user_response(person: Person, memberships: list[tuple[Organization, Membership]]) -> dict[str, Tree]:
    """Render a signed-in user with the organizations they belong to."""
    return {
        "id": to_uuid(person.person_id),
        "name": person.name,
        "email": person.email,
        "active": True,
        "inactiveReason": None,
        "createdAt": format_time(person.created_at),
        "updatedAt": format_time(person.updated_at),
        "organizations": [
            {"organization": organization_response(organization), "role": membership.role, "permissions": []}
            for organization, membership in memberships
        ],
        "workspaces": [],
        "hostRole": "USER",
    }


class Products:
    """The products among reference data, by id, whether they were looked up by id or by SKU."""

    __slots__ = ("_by_id", "_entries")

    def __init__(self, reference_data: ReferenceData) -> None:
        self._entries = reference_data.entries
        self._by_id: dict[str, CatalogEntry] | None = None

    def find(self, key: str) -> CatalogEntry | None:
        """Find the product with the id `key`; those looked up by SKU, for an order of another door, are indexed once."""
        if (entry := self._entries.get((PRODUCT, key))) is not None:
            return entry
        if self._by_id is None:
            self._by_id = {each.key: each for each in self._entries.values() if each.kind == PRODUCT}
        return self._by_id.get(key)
