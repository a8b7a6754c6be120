"""Every route of every door, called with every wrong token: nobody may find another organization's order.

A route that has no case and is not in PUBLIC fails here, so that no new one goes without these tests.
"""

import json
from typing import Any

import httpx
import pytest

from crossdock.core.catalog.products import Product
from crossdock.core.ids import from_base32
from crossdock.core.inbound.documents import InboundDocument
from crossdock.core.inbound.notices import NoticeLine, ReceivingNotice
from crossdock.core.inbound.transfers import Transfer, TransferLine
from crossdock.core.inbound.work_orders import WorkOrder
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.core.subscription import Subscription
from crossdock.doors import Route, all_doors
from crossdock.doors.fabric import examples_lists
from crossdock.flows import access, emails, endpoints, inbound, products, tenants
from crossdock.flows.access import READ, WRITE, Caller
from crossdock.flows.execute import execute
from crossdock.store import submissions
from crossdock.store.emails import StoredMail
from tests.flows.allocating import add_locations, count
from tests.vendors import VENDORS, Vendor
from tests.web import shipped_orders
from tests.web.tenancy_cases import MARK, Case, cases
from tests.world import STRANGERS_FABRIC_ACCOUNT, STRANGERS_UUID, World

OWN = {"x-site-context": json.dumps({"account": STRANGERS_FABRIC_ACCOUNT}), "X-S2-Organization": STRANGERS_UUID}

# Routes that need no token; may only grow with a reason.
PUBLIC = {
    ("pb_oms", "getAccessToken"): "gives tokens",
    ("pb_fulfillment", "getToken"): "gives tokens",
    ("fabric", "getToken"): "gives tokens",
    (
        "fabric",
        "uploadInventoryFile",
    ): "the signed key in the URL is for one upload: tests/doors/fabric/test_uploads.py",
    (
        "fabric",
        "downloadInventoryErrors",
    ): "the signed key in the URL is for one upload: tests/doors/fabric/test_uploads.py",
    (
        "fabric",
        "downloadExport",
    ): "the signed key in the URL is for one file: tests/doors/fabric/test_exports.py",
    ("s2", "login"): "gives tokens",
    ("hub", "getToken"): "gives tokens",
}
# The routes of pages, and of each a path to ask. The documentation knows no database: it is made of the doors and settings.
PAGES = {
    "/health/live": "/health/live",
    "/health/ready": "/health/ready",
    "/metrics": "/metrics",
    "/": "/",
    "/console": "/console/sign-in",  # the others: tests/web/console/test_security.py
    "/console/{rest:path}": "/console/sign-in",
    "/console/static/{rest:path}": "/console/static/console.css",
    "/llms.txt": "/llms.txt",
    "/favicon.ico": "/favicon.ico",
    "/docs": "/docs",
    "/docs/{rest:path}": "/docs/hub/listOrders",
    "/openapi/{rest:path}": "/openapi/hub.json",
    "/asyncapi/{rest:path}": "/asyncapi/hub.json",
}
# The consent page shows an order to anybody who has the link from the mail: tests/web/test_consent.py.


async def make_configs(world: World, headers: dict[str, str]) -> None:
    """Create configurations and an export for the victim."""
    service: dict[str, Any] = {"serviceName": MARK, "processName": MARK}
    met = {"conditions": [[{"key": MARK, "operator": "EXISTS", "type": "STRING"}]]}
    calls: tuple[tuple[str, Any], ...] = (
        ("configurations/tenant-config", {"configType": MARK, "configName": MARK}), ("configurations/target-config", service),
        ("configurations/fraud-config", service | {"configuration": met}),
        ("exports", {"module": "NETWORK", "filters": {"name": MARK}}),
    )  # fmt: skip
    for path, body in calls:
        answer = await world.http.post(f"/api/v2/{path}", json=body, headers=headers | VENDORS["fabric"].headers(MARK))
        assert answer.status_code == 200, answer.text
    await world.context.jobs.idle()


# Calls that add to the caller's own organization what is not there.
UPSERTS = {"putLocation", "putProduct", "putShippingMethod"}
ADDS = {"createLocation", "createProduct", "createShippingMethod"}


ROUTES = [(door.name, route) for door in all_doors() for route in door.routes]
# revokeToken ends the token of the caller, so it goes last.
SCOPED = sorted(
    ((door, route) for door, route in ROUTES if route.scope is not None),
    key=lambda each: each[1].operation == "revokeToken",
)


def marked(vendor: Vendor) -> dict[str, Any]:
    """Return a body of the victim with the mark as its number and as a person's name."""
    body = vendor.body(MARK)
    return json.loads(json.dumps(body).replace("Jane Smith", MARK).replace("John", MARK))  # type: ignore[no-any-return]


@pytest.fixture
async def victim(world: World) -> dict[tuple[str, str], Case]:
    """Create an order of the demo organization through every door; returns the cases that request them."""
    headers = await world.bearer()
    for vendor in VENDORS.values():
        answer = await world.http.post(
            vendor.create, json=marked(vendor), headers=headers | vendor.headers(f"mark-{vendor.door}")
        )
        assert answer.status_code == vendor.ok, answer.text
    await make_lists(world, headers)
    for path, body in (
        ("locations/W1", {"code": "W1", "name": MARK}), ("products/P1", {"sku": "P1", "name": MARK}),
        ("shipping-methods/M1", {"code": "M1", "name": MARK}),
    ):  # fmt: skip
        (await world.http.put(f"/hub/v1/{path}", json=body, headers=headers)).raise_for_status()
    received = {"items": [{"sku": "P1", "location": "W1", "quantity": 7, "reason": MARK}]}
    (await world.http.post("/hub/v1/stock/receive", json=received, headers=headers)).raise_for_status()
    await make_configs(world, headers)
    organization = await world.demo_organization()
    async with world.context.store.reading() as tx:
        records = await submissions.submissions(tx, organization.organization_id, status=None, before=None, limit=10)
    ids = {record.door: record.order_id or 0 for record in records}
    ids["allocation"] = await allocate(world, ids["fabric"])
    shipped = await shipped_orders.ship_and_return(world, headers, f"{MARK}-shipped")
    ids["package"] = from_base32(shipped["package"]) or 0
    more = shipped_orders.requests(shipped, f"{MARK}-shipped")
    found = cases(ids | await deliveries_of(world) | await inbound_of(world), records[0].submission_id)
    return found | {("hub", operation): Case(**request) for operation, request in more.items()}


async def inbound_of(world: World) -> dict[str, int]:
    """Create a notice, a work order and a transfer of the victim, with stock of a product; returns their ids."""
    caller = Caller(await world.demo_organization(), "demo", frozenset(access.SCOPES))
    await add_locations(world, caller, "A", "B")
    await products.add(world.context, caller, Product(sku=MARK), product_id=products.new_product_id())
    await count(world, caller, MARK, "A", 1)
    documents: tuple[InboundDocument, ...] = (
        ReceivingNotice(number=MARK, location="A", lines=(NoticeLine(sku=MARK, expected=1),)),
        WorkOrder(number=MARK, location="A", sku=MARK, quantity=1),
        Transfer(number=MARK, source="A", target="B", lines=(TransferLine(sku=MARK, quantity=1),)),
    )
    ids = {}
    for document in documents:
        answer = await inbound.create(
            world.context, caller, document, render=lambda found: found.document_id.encode(), door="hub"
        )
        ids[type(document).__name__] = from_base32(answer.body.decode()) or 0
    return ids


async def allocate(world: World, order_id: int) -> int:
    """Allocate one unit of the victim's order, so that the others wait; returns the id of the allocation."""
    caller = Caller(await world.demo_organization(), "demo", frozenset(access.SCOPES))
    await add_locations(world, caller, "123", "W2")
    await count(world, caller, "SKU-RED-M", "123", 1)
    (change,) = await execute(world.context, caller, [AllocateOrder(order_id=order_id)], door="hub")
    (allocation,) = change.order.allocations
    return allocation.allocation_id


async def make_lists(world: World, headers: dict[str, str]) -> None:
    """Create a shipping method with an item, a list, and what Pitney Bowes OMS stores, for the victim; each id is MARK."""
    method = examples_lists.METHOD | {"shippingMethodId": MARK}
    wishes = examples_lists.LIST | {"listId": MARK, "userId": MARK}
    calls: tuple[tuple[str, Any], ...] = (
        ("/shipping", method), (f"/shipping/{MARK}/item", {"itemIds": [MARK]}), ("/list", wishes),
        (f"/list/{MARK}/items", [{"sku": MARK}]),
    )  # fmt: skip
    for path, body in calls:
        answer = await world.http.post(f"/api/v2{path}", json=body, headers=headers | VENDORS["fabric"].headers(MARK))
        assert answer.status_code == 200, answer.text
    stored: tuple[tuple[str, Any], ...] = (
        ("custom-carrier-codes", {"code": MARK, "carrier": MARK, "carrierAccountId": MARK}),
        ("defaults", {"name": MARK, "defaultID": MARK}),
        ("printer/mapping", {"alias": MARK, "serialNumber": MARK, "printerName": MARK}),
    )
    for path, body in stored:
        (await world.http.post(f"/shipping/api/v1/{path}", json=body, headers=headers)).raise_for_status()


async def deliveries_of(world: World) -> dict[str, int]:
    """Create an endpoint and a fabric webhook, each with a delivery, and a stored mail, for the victim; returns their ids."""
    caller = Caller(await world.demo_organization(), "demo", frozenset(access.SCOPES))
    subscription = Subscription(url=f"https://example.com/{MARK}", name=MARK)
    endpoint = await endpoints.add(world.context, caller, subscription)
    delivery = await endpoints.test(world.context, caller, endpoint_id=endpoint.endpoint_id)
    own = dict.fromkeys(("protocol", "source", "tenantId", "apiVersion", "format", "callbackUrl"), MARK)
    webhook = await endpoints.add(
        world.context, caller, Subscription(url=f"https://example.com/{MARK}", name=MARK, details={"fabric": own})
    )
    sent = await endpoints.test(world.context, caller, endpoint_id=webhook.endpoint_id)
    mail = StoredMail(caller.organization_id, 7, 7, "confirmation", f"{MARK}@example.com", MARK, 7, MARK.encode())
    await emails.store(world.context, [mail])
    return {
        "endpoint": endpoint.endpoint_id, "delivery": delivery.delivery_id, "mail": mail.mail_id,
        "webhook": webhook.endpoint_id, "sent": sent.delivery_id,
    }  # fmt: skip


async def ask(
    world: World, door: str, route: Route, case: Case, headers: dict[str, str], path: str | None = None
) -> httpx.Response:
    path = (path or route.paths[0]).format(**case.params) + case.query
    body = None if case.body is None else json.dumps(case.body).encode()
    return await world.http.request(
        route.method,
        path,
        content=body,
        headers=VENDORS[door].headers("walk-1") | {"Content-Type": "application/json"} | headers,
    )


def leaks(answer: httpx.Response, *allowed: int) -> str | None:
    """Return what is wrong with a response to somebody who may not see the victim's orders; None when nothing is."""
    if MARK in answer.text:
        return "shows the victim's order"
    return None if answer.status_code in allowed else f"returns {answer.status_code} {answer.text[:200]}"


Cases = dict[tuple[str, str], Case]
# Who calls is decided by one statement, which tests/flows/test_access.py asks of each engine, before a route does anything.
one_engine = pytest.mark.parametrize("engine", ["sqlite"])


class TestEveryScopedRoute:
    @one_engine
    async def test_every_scoped_route_has_a_case(self, victim: Cases) -> None:
        assert {(door, route.operation) for door, route in SCOPED} == set(victim)

    @one_engine
    async def test_every_scoped_route_refuses_an_unknown_caller(self, world: World, victim: Cases) -> None:
        expired = await world.bearer(lifetime_s=-1)
        forged = {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJvcmciOjF9."}
        unknown = ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic ZGVtbzpkZW1v"}, forged, expired)
        found = [
            (path, headers, fault)
            for door, route in SCOPED
            for path in route.paths
            for headers in unknown
            if (fault := leaks(await ask(world, door, route, victim[door, route.operation], headers, path), 401))
        ]
        assert found == []

    @one_engine
    async def test_every_scoped_route_refuses_a_token_without_its_scope(self, world: World, victim: Cases) -> None:
        found = []
        for door, route in SCOPED:
            if route.scope == access.ANY:
                continue
            headers = await world.bearer(scope=WRITE if route.scope == READ else READ)
            fault = leaks(await ask(world, door, route, victim[door, route.operation], headers), 403)
            found += [(door, route.operation, fault)] if fault else []
        assert found == []

    @one_engine
    async def test_every_scoped_route_refuses_a_revoked_token(self, world: World, victim: Cases) -> None:
        organization = await world.demo_organization()
        client, secret = await tenants.add_client(
            world.context, organization.organization_id, name="short", scopes=" ".join(access.SCOPES)
        )
        headers = await world.bearer(client_id=client.client_id, secret=secret)
        assert (await world.http.get("/hub/v1/orders", headers=headers)).status_code == 200
        await tenants.revoke_client(world.context, organization.organization_id, client_id=client.client_id)
        found = [
            (door, route.operation, fault)
            for door, route in SCOPED
            if (fault := leaks(await ask(world, door, route, victim[door, route.operation], headers), 401))
        ]
        assert found == []

    async def test_no_route_shows_an_order_of_another_organization(self, world: World, victim: Cases) -> None:
        stranger = await world.stranger()
        found = []
        for door, route in SCOPED:
            case = victim[door, route.operation]
            # A list is empty or holds the stranger's own, or is refused; one thing requested by its id is never found.
            one = (case.params and route.operation not in UPSERTS) or "order" in case.query.lower().replace(
                "include=order", ""
            )
            allowed = (400, 403, 404) if one else (200, 201, 204, 400, 403, 404, 422)
            allowed += (409,) if route.operation in ADDS else ()  # the second time it is there
            # First with the victim's organization in the vendor's headers, then with the stranger's own.
            for headers in (stranger, stranger | OWN):
                if route.operation == "revokeToken" and headers is stranger:
                    continue
                fault = leaks(await ask(world, door, route, case, headers), *allowed)
                found += [(door, route.operation, fault)] if fault else []
        assert found == []


class TestPublicRoutes:
    def test_only_the_listed_routes_are_public(self) -> None:
        assert {(door, route.operation) for door, route in ROUTES if route.scope is None} == set(PUBLIC)

    @one_engine
    async def test_only_the_listed_pages_exist(self, world: World) -> None:
        from crossdock.flows.intake import Intake
        from crossdock.web import pages

        assert {route.path for route in pages.routes(world.context, all_doors(), Intake(world.context))} == set(PAGES)

    @one_engine
    async def test_no_page_shows_an_order(self, world: World, victim: dict[tuple[str, str], Case]) -> None:
        for path in PAGES.values():
            answer = await world.http.get(path)
            assert leaks(answer, 200) is None
