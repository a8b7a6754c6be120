"""The table of doors. Adding a vendor is a new folder here and one word in `DOORS`.

A door owns its paths, headers, spelling, defaults, oddities and errors, and nothing else: its handlers translate a request into
one flow call and a reply. It imports neither the store nor another door. What it must offer is in contract.py.
"""

from functools import cache
from importlib import import_module

from crossdock.doors.contract import TOKEN_BODY_LIMIT as TOKEN_BODY_LIMIT
from crossdock.doors.contract import Door as Door
from crossdock.doors.contract import Handler as Handler
from crossdock.doors.contract import Headers as Headers
from crossdock.doors.contract import Media as Media
from crossdock.doors.contract import OrganizationId as OrganizationId
from crossdock.doors.contract import ReferenceList as ReferenceList
from crossdock.doors.contract import Reply as Reply
from crossdock.doors.contract import Request as Request
from crossdock.doors.contract import Route as Route
from crossdock.doors.contract import SalesAccounts as SalesAccounts
from crossdock.doors.contract import Seed as Seed
from crossdock.doors.contract import basic_credentials as basic_credentials
from crossdock.doors.contract import encode_json as encode_json
from crossdock.doors.contract import in_one_view as in_one_view
from crossdock.doors.contract import json_reply as json_reply
from crossdock.doors.contract import not_offered as not_offered
from crossdock.doors.contract import not_yet as not_yet
from crossdock.doors.contract import replayed_header as replayed_header
from crossdock.flows.event_payloads import PayloadFormat, document_payload

# Every door, in the order they are shown; a new vendor is one word here.
DOORS = ("pb_oms", "pb_fulfillment", "fabric", "s2", "hub")


@cache
def all_doors() -> tuple[Door, ...]:
    """Load every door."""
    return tuple(import_module(f"crossdock.doors.{name}").DOOR for name in DOORS)


def all_payloads() -> dict[str, PayloadFormat]:
    """Return every shape in which webhooks tell of events, by name: those the doors bring, and each door's plain document."""
    brought = [payload for door in all_doors() for payload in door.payloads]
    plain = [document_payload(door.name) for door in all_doors() if door.format is not None]
    return {payload.name: payload for payload in (*plain, *brought)}
