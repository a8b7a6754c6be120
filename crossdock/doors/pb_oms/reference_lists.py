"""The reference lists of Pitney Bowes OMS: carriers, accounts, countries, services, parcel types, special services; pure.

Each is a JSON array of rows that an organization can replace: a catalog document of the kind `pb_oms/<list>`. A row may say for
which shipments it is meant: `carrier`, `originCountryCode`, `destinationCountryCode` (a text or a list of texts each) and
`domestic` (whether origin and destination are one country). Rows that say nothing are for all. The answers leave these members
out, except a `carrier` that the vendor shows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.iso import COUNTRIES
from crossdock.core.json.strict_json import parse
from crossdock.doors import ReferenceList, encode_json
from crossdock.doors.pb_oms import reference_defaults

Row = dict[str, Any]
_SELECTION = ("carrier", "originCountryCode", "destinationCountryCode", "domestic")
# The query parameters of the lists and what they are where they are missing; without a service or a parcel, all are answered.
DEFAULTS = {"carrier": "USPS", "originCountryCode": "US", "destinationCountryCode": "US"}


class _List(Struct, frozen=True):
    """A list: the members that every row has, the rows to begin with, and the member of the answer that holds them, or None
    where the answer is the array itself. `shown` are members of the selection that the answer has."""

    required: tuple[str, ...]
    rows: list[Row]
    member: str | None = None
    shown: tuple[str, ...] = ()


_LISTS = {
    "carriers": _List(("carrierID", "name"), reference_defaults.CARRIERS, "carriers"),
    "carrierAccounts": _List(
        ("carrierAccountId", "carrierName"), reference_defaults.CARRIER_ACCOUNTS, "carrierAccounts"
    ),
    "countries": _List(("countryCode", "countryName"), reference_defaults.COUNTRIES),
    "services": _List(("serviceId", "brandedName"), reference_defaults.SERVICES),
    "parcelTypes": _List(("parcelType", "serviceId"), reference_defaults.PARCEL_TYPES, shown=("carrier",)),
    "specialServices": _List(("serviceId", "parcelTypeRules"), reference_defaults.SPECIAL_SERVICES, "services"),
}
KINDS = {name: f"pb_oms/{name}" for name in _LISTS}
KEY = "list"  # of the one entry of each kind


def parse_list(name: str, raw: bytes) -> bytes:
    """Check the rows that an organization wants in place of a list. Refuses with Invalid every fault."""
    rows = parse(raw)
    if not isinstance(rows, list):
        raise Invalid(Code.INVALID, "the list has faults", faults=(Fault((), "must be an array of objects"),))
    faults = [fault for position, row in enumerate(rows) for fault in _row_faults(name, position, row)]
    if faults:
        raise Invalid(Code.INVALID, "the list has faults", faults=tuple(faults[:100]))
    return encode_json(rows)


def _row_faults(name: str, position: int, row: Any) -> list[Fault]:
    if not isinstance(row, dict):
        return [Fault((position,), "must be an object")]
    faults = [
        Fault((position, member), "is required")
        for member in _LISTS[name].required
        if not isinstance(row.get(member), str | list) or not row[member]
    ]
    for member in _SELECTION[:3]:
        value = row.get(member, "")
        texts = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in texts):
            faults.append(Fault((position, member), "must be a text or an array of texts"))
    if not isinstance(row.get("domestic", False), bool):
        faults.append(Fault((position, "domestic"), "must be true or false"))
    return faults


REFERENCE_LISTS = tuple(
    ReferenceList(kind, KEY, lambda raw, name=name: parse_list(name, raw), encode_json(_LISTS[name].rows))  # type: ignore[misc]
    for name, kind in KINDS.items()
)


def rows_of(name: str, documents: Mapping[str, bytes]) -> list[Row]:
    """Return the rows of a list: the organization's, where it has replaced them."""
    kept = documents.get(name)
    rows: list[Row] = parse(kept) if kept is not None else _LISTS[name].rows
    return rows


def select(name: str, query: Mapping[str, str], documents: Mapping[str, bytes]) -> Any:
    """Return the answer of a list for a query. Refuses with Invalid unknown carriers, countries, services and parcels, all at
    once."""
    asked = DEFAULTS | {member: value for member, value in query.items() if value}
    if name not in ("carriers", "carrierAccounts"):
        _check(name, asked, documents)
    found = [row for row in rows_of(name, documents) if name in _UNSELECTED or _is_meant(row, asked)]
    if name == "specialServices":
        found = [row for each in found for row in _of_service(each, asked)]
    hidden = set(_SELECTION) - set(_LISTS[name].shown)
    rows = [{member: value for member, value in row.items() if member not in hidden} for row in found]
    member = _LISTS[name].member
    return rows if member is None else {member: rows}


_UNSELECTED = ("carriers", "carrierAccounts")  # the vendor lists no query for them


def _is_meant(row: Row, asked: Mapping[str, str]) -> bool:
    if isinstance(domestic := row.get("domestic"), bool):
        is_domestic = asked["originCountryCode"].upper() == asked["destinationCountryCode"].upper()
        if domestic != is_domestic:
            return False
    return all(asked[member].upper() in _texts(row[member]) for member in DEFAULTS if row.get(member))


def _texts(value: str | Sequence[str]) -> set[str]:
    return {each.upper() for each in ([value] if isinstance(value, str) else value)}


def _of_service(row: Row, asked: Mapping[str, str]) -> list[Row]:
    """Keep the service and the parcel type that are asked for, where they are."""
    if asked.get("service") not in (None, row["serviceId"]):
        return []
    if (parcel := asked.get("parcel")) is None:
        return [row]
    rules = [rule for rule in row["parcelTypeRules"] if isinstance(rule, dict) and rule.get("parcelType") == parcel]
    return [row | {"parcelTypeRules": rules}] if rules else []


def _check(name: str, asked: Mapping[str, str], documents: Mapping[str, bytes]) -> None:
    known = {
        "carrier": {str(row["carrierID"]).upper() for row in rows_of("carriers", documents)},
        "originCountryCode": COUNTRIES, "destinationCountryCode": COUNTRIES,
    }  # fmt: skip
    if name == "specialServices":
        services = [*rows_of("services", documents), *rows_of("specialServices", documents)]
        known["service"] = {str(row["serviceId"]).upper() for row in services}
        known["parcel"] = {str(row["parcelType"]).upper() for row in rows_of("parcelTypes", documents)}
    faults = tuple(
        Fault((member,), f"is not known: {asked[member][:40]!r}")
        for member, values in known.items()
        if member in asked and asked[member].upper() not in values
    )
    if faults:
        raise Invalid(Code.INVALID, "the query has faults", faults=faults)
