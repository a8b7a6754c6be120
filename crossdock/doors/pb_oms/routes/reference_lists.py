"""The calls for the reference lists of the platform: carriers, accounts, countries, services, parcels, special services."""

import json
from typing import Any

from crossdock.doors import Reply, Request, encode_json, in_one_view, json_reply
from crossdock.doors.pb_oms import reference_lists
from crossdock.flows import catalog

# The lists that the query of a list is checked against.
_CHECKED_WITH = {
    "countries": ("carriers",),
    "services": ("carriers",),
    "parcelTypes": ("carriers",),
    "specialServices": ("carriers", "services", "parcelTypes"),
}


async def _list(request: Request, name: str) -> Reply:
    documents: dict[str, bytes] = {}
    for each in (name, *_CHECKED_WITH.get(name, ())):
        kind = reference_lists.KINDS[each]
        for entry in await catalog.find(request.context, request.caller, kind=kind, keys=[reference_lists.KEY]):
            documents[each] = entry.document
    return json_reply(200, reference_lists.select(name, request.query, documents))


@in_one_view
async def list_carriers(request: Request) -> Reply:
    """List carriers."""
    return await _list(request, "carriers")


@in_one_view
async def list_carrier_accounts(request: Request) -> Reply:
    """List the organization's accounts with carriers."""
    return await _list(request, "carrierAccounts")


@in_one_view
async def list_countries(request: Request) -> Reply:
    """List the countries that a carrier ships to."""
    return await _list(request, "countries")


@in_one_view
async def list_services(request: Request) -> Reply:
    """List the services of a carrier."""
    return await _list(request, "services")


@in_one_view
async def list_parcel_types(request: Request) -> Reply:
    """List the parcel types of a carrier's services."""
    return await _list(request, "parcelTypes")


@in_one_view
async def list_special_services(request: Request) -> Reply:
    """List the special services of a carrier, by service and parcel type."""
    return await _list(request, "specialServices")


def example(name: str) -> Any:
    """Return what a new organization is answered, as an example."""
    return json.loads(encode_json(reference_lists.select(name, {}, {})))
