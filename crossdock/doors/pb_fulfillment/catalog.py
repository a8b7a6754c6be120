"""Products of Pitney Bowes Fulfillment: map a body to the canonical product and back; pure.

Products are shared by all client ids of an organization and by all APIs. Canonical are the SKU, the description, the brand, the
origin, the first tariff code, the identifiers and whether it is active; the other members are stored as they were sent.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from crossdock.core.catalog.products import Identifier, Product, ProductCustoms, decode_product
from crossdock.core.iso import COUNTRIES
from crossdock.core.time import format_time
from crossdock.doors.pb_fulfillment import wire_call_answers, wire_calls
from crossdock.doors.pb_fulfillment.mapping import DOOR
from crossdock.doors.pb_fulfillment.responses import renderer_of
from crossdock.flows.catalog_search import CatalogEntry

Tree = Any
Document = dict[str, Tree]
_SERVER_FIELDS = frozenset({"clientId", "sku", "active", "pbCreateDate", "pbUpdateDate", "operation"})
_DEFAULT_REGION = "PB_ONLY"
_replace = msgspec.structs.replace
_render = renderer_of(wire_call_answers.ProductAnswer)


def to_product(tree: Document, sku: str, before: Product | None) -> Product:
    """Make the canonical product of a whole body without faults; what only other APIs know of it stays."""
    before = before or Product(sku=sku)
    details = tree["details"]
    classified: Document = (details.get("hsClassification") or [{}])[0] or {}
    customs = _replace(
        before.customs or ProductCustoms(),
        tariff_code=classified.get("hsTariffCode") or None,
        tariff_country=_country(classified.get("countryCode")),
        origin_country=_country(details.get("originCountryCode")),
        origin_region=details.get("originStateProvince") or None,
    )
    own = {name: value for name, value in tree.items() if name not in _SERVER_FIELDS and value is not None}
    if own.get("fulfillmentRegion") == _DEFAULT_REGION:
        del own["fulfillmentRegion"]
    after = _replace(
        before,
        sku=sku,
        name=before.name or details["description"],
        description=details["description"],
        brand=details.get("brand") or None,
        customs=None if customs == ProductCustoms() else customs,
        identifiers=_identifiers(details),
        active=tree.get("active") is not False,
        door_fields=before.door_fields | {DOOR: own},
    )
    return before if after == before else after  # the same members in another order change nothing


def _country(code: str | None) -> str | None:
    return code if code in COUNTRIES else None


def _identifiers(details: Document) -> tuple[Identifier, ...]:
    return tuple(
        Identifier(each["source"], each["number"])
        for each in details.get("identifiers") or ()
        if each and each.get("source") and each.get("number")
    )


def product_response(entry: CatalogEntry, client: str) -> Document:
    """Render a product for a client: what was sent, with what is canonical as it is by now."""
    product = decode_product(entry.document)
    own: Document = product.door_fields.get(DOOR, {})
    members = own | {
        "clientId": client,
        "productType": own.get("productType") or ("KIT" if product.components else "ITEM"),
        "sku": product.sku or entry.key,
        "pbCreateDate": _time(entry.created_at),
        "pbUpdateDate": _time(entry.updated_at) if entry.version > 1 else None,
        "fulfillmentRegion": own.get("fulfillmentRegion") or _DEFAULT_REGION,
        "details": _details(product, own.get("details") or {}),
        "active": product.active,
    }
    return _render(members)


def _details(product: Product, sent: Document) -> Document:
    """Return the details: as they were sent where the product still says the same, else as the product says."""
    customs = product.customs or ProductCustoms()
    details = sent | {
        "description": product.description or product.name or product.sku or "",
        "brand": product.brand,
        "originCountryCode": _sent_or(sent.get("originCountryCode"), customs.origin_country, _country),
        "originStateProvince": customs.origin_region,
    }
    first: Document = (sent.get("hsClassification") or [{}])[0] or {}
    if (first.get("hsTariffCode") or None, _country(first.get("countryCode"))) != (
        customs.tariff_code, customs.tariff_country,
    ):  # fmt: skip
        classified = {"hsTariffCode": customs.tariff_code, "countryCode": customs.tariff_country}
        details["hsClassification"] = [classified] if any(classified.values()) else None
    if _identifiers(sent) != product.identifiers:
        details["identifiers"] = [{"number": each.value, "source": each.kind} for each in product.identifiers] or None
    return details


def _sent_or(sent: Tree, canonical: Tree, convert: Any) -> Tree:
    return sent if convert(sent) == canonical else canonical


def _time(us: int) -> str:
    """Format a time as products have it: YYYY-MM-DDThh:mm:ss.sss±hhmm."""
    return format_time(us, digits=3).removesuffix("Z") + "+0000"


def search_values(document: Mapping[str, Tree], name: str) -> tuple[str, ...]:
    """Return the values of a rendered product that a search field is compared with."""
    value = document.get(name)
    return (str(value).lower() if isinstance(value, bool) else str(value),) if value is not None else ()


SEARCH_NAMES = wire_calls.PRODUCT_NAMES
