"""Every route of every door, called with every wrong token: nobody may find another organization's order.

A route that has no case and is not in PUBLIC fails here, so that no new one goes without these tests.
"""

import json
from typing import Any

import httpx
import pytest

from crossdock.core.ids import to_base32, to_base62, to_digits, to_hex24, to_uuid
from crossdock.core.subscription import Subscription
from crossdock.doors import Route, all_doors
from crossdock.flows import access, emails, endpoints, tenants
from crossdock.flows.access import READ, WRITE, Caller
from crossdock.store import submissions
from crossdock.store.emails import StoredMail
from tests.vendors import VENDORS, Vendor, sample
from tests.world import STRANGERS_FABRIC_ACCOUNT, STRANGERS_UUID, World

OWN = {"x-site-context": json.dumps({"account": STRANGERS_FABRIC_ACCOUNT}), "X-S2-Organization": STRANGERS_UUID}
MARK = "Zyzzyva-7731"  # is in the victim's orders and nowhere else

# Routes that need no token; may only grow with a reason.
PUBLIC = {
    ("pb_oms", "getAccessToken"): "gives tokens",
    ("pb_fulfillment", "getToken"): "gives tokens",
    ("fabric", "getToken"): "gives tokens",
    ("s2", "login"): "gives tokens",
    ("hub", "getToken"): "gives tokens",
}
# The routes of pages, and of each a path to ask. The documentation knows no database: it is made of the doors and settings.
PAGES = {
    "/health/live": "/health/live",
    "/health/ready": "/health/ready",
    "/metrics": "/metrics",
    "/": "/",
    "/llms.txt": "/llms.txt",
    "/favicon.ico": "/favicon.ico",
    "/docs": "/docs",
    "/docs/{rest:path}": "/docs/hub/listOrders",
    "/openapi/{rest:path}": "/openapi/hub.json",
    "/asyncapi/{rest:path}": "/asyncapi/hub.json",
}
# The consent page shows an order to anybody who has the link from the mail: tests/web/test_consent.py.


class Case:
    """A request for the victim's order: path parameters by name, query, body."""

    def __init__(self, query: str = "", body: Any = None, **params: str) -> None:
        self.query = query
        self.body = body
        self.params = params


def cases(ids: dict[str, int], submission_id: int) -> dict[tuple[str, str], Case]:
    """Return the case of every scoped route, for the victim's order ids by door."""
    return _oms(ids) | _fulfillment(ids) | _fabric(ids) | _s2(ids) | _hub(ids, submission_id)


def _oms(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    oms = "PB" + to_base62(ids["pb_oms"])
    return {
        ("pb_oms", "createOrder"): Case(body=sample("pb_oms")),
        ("pb_oms", "getOrderById"): Case(orderId=oms),
        ("pb_oms", "addCustomsProduct"): Case(body={}),
        ("pb_oms", "partialUpdateOrderById"): Case(body={"orderMessage": None}, orderId=oms),
        ("pb_oms", "updateOrderById"): Case(body={"orders": [{"orderId": oms}], "status": "ONHOLD"}),
        ("pb_oms", "deleteOrder"): Case(orderId=oms),
        ("pb_oms", "deleteOrderItem"): Case("?itemId=SKU12345", orderId=oms),
        ("pb_oms", "searchOrders"): Case(body={"filters": [{"name": "orderId", "value": [oms]}]}),
        ("pb_oms", "updateTags"): Case(body={"tagIds": ["x"]}, orderId=oms),
        ("pb_oms", "bulkUpdateTags"): Case(body={"tags": [{"orderId": oms, "tagIds": ["x"]}]}),
        ("pb_oms", "createCustomCode"): Case(body={"code": "C1", "carrier": "UPS", "carrierAccountId": "1"}),
    }


def _fulfillment(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    fulfillment = f"ORA{to_digits(ids['pb_fulfillment'])}US"
    return {
        ("pb_fulfillment", "createOrder"): Case(body=sample("pb_fulfillment")),
        ("pb_fulfillment", "createOrders"): Case(body={"orders": [sample("pb_fulfillment")]}),
        ("pb_fulfillment", "getOrder"): Case("?clientId=1234", orderId=fulfillment),
        ("pb_fulfillment", "getOrderStatus"): Case("?clientId=1234", orderId=fulfillment),
        ("pb_fulfillment", "updateOrder"): Case(body=sample("pb_fulfillment"), orderId=fulfillment),
        ("pb_fulfillment", "updateOrderItems"): Case(body=sample("pb_fulfillment"), orderId=fulfillment),
        ("pb_fulfillment", "cancelOrder"): Case("?clientId=1234", orderId=fulfillment),
        ("pb_fulfillment", "cancelOrders"): Case(
            body={"CancelOrdersRequest": [{"clientId": "1234", "orderId": fulfillment}]}
        ),
        ("pb_fulfillment", "searchOrders"): Case(body={"clientId": "1234"}),
        ("pb_fulfillment", "searchOrderStatuses"): Case(body={"clientId": "1234"}),
    }


def _fabric(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    return {
        ("fabric", "createOrder"): Case(body=sample("fabric")),
        ("fabric", "getOrder"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
        ("fabric", "createOrderShort"): Case(body=sample("fabric")),
        ("fabric", "getOrderShort"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
        ("fabric", "updateOrder"): Case(orderNumber=MARK, body=sample("fabric")),
        ("fabric", "updatePickup"): Case(orderId=to_hex24(ids["fabric"]), shipToId="ship-1", body={}),
        ("fabric", "updateCustomer"): Case(orderId=to_hex24(ids["fabric"]), body={}),
        ("fabric", "queryOrders"): Case(body={}),
        ("fabric", "getCancelEligibility"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
        ("fabric", "cancelOrder"): Case(body={"orderId": to_hex24(ids["fabric"])}),
        ("fabric", "getExchangeEligibility"): Case(f"?orderId={to_hex24(ids['fabric'])}"),
        ("fabric", "createOrderAttribute"): Case(body={}),
        ("fabric", "listOrderAttributes"): Case(),
        ("fabric", "getOrderAttribute"): Case(code="x"),
        ("fabric", "updateOrderAttribute"): Case(code="x", body={"code": "x", "name": "X", "type": "STRING"}),
        ("fabric", "deleteOrderAttribute"): Case(code="x"),
        ("fabric", "reportPaymentStatus"): Case(
            orderNumber=MARK, body={"paymentIdentifier": "fab3456", "status": "CAPTURED"}
        ),
        ("fabric", "acknowledgeTracking"): Case(
            body={"entity": "ORDER", "eventType": "ORDER_CREATE_IN_PTS", "orderNumber": MARK}
        ),
        ("fabric", "validateCrossBorderOrders"): Case(body={"orderNumbers": [MARK]}),
        ("fabric", "releaseCrossBorderOrder"): Case(body={"orderNumber": MARK, "releaseType": "CANCEL"}),
        ("fabric", "releaseFraudOrder"): Case(body={"orderNumber": MARK}),
        ("fabric", "cancelFraudOrder"): Case(body={"orderNumber": MARK}),
    } | _fabric_webhooks(to_hex24(ids["webhook"]), to_hex24(ids["sent"]), to_hex24(ids["fabric"]))


def _fabric_webhooks(webhook: str, event: str, order: str) -> dict[tuple[str, str], Case]:
    definition = {
        "events": ["ORDER_CREATE"], "protocol": "HTTP", "requestType": "POST", "source": "ORDER_SERVICE",
        "target": "https://example.com/hook",
    }  # fmt: skip
    retry = {"channel": "12", "tenant": STRANGERS_FABRIC_ACCOUNT, "event": "ORDER_CREATE", "eventRequestId": event}
    notification = {"id": order, "documentType": "ORDER", "notificationType": "ORDER_CREATED"}
    return {
        ("fabric", "createWebhook"): Case(body=definition),
        ("fabric", "listWebhooks"): Case(),
        ("fabric", "getWebhook"): Case(webhookId=webhook),
        ("fabric", "updateWebhook"): Case(webhookId=webhook, body={"events": ["ORDER_SHIPPED"]}),
        ("fabric", "deleteWebhook"): Case(webhookId=webhook),
        ("fabric", "retryWebhook"): Case(body=retry),
        ("fabric", "queryWebhookEvents"): Case(body={"filters": {"eventRequestId": event}}),
        ("fabric", "sendNotification"): Case(body=notification),
        ("fabric", "acknowledgeNotification"): Case(body=notification),
    }


def _s2(ids: dict[str, int]) -> dict[tuple[str, str], Case]:
    return {
        ("s2", "createOrder"): Case(body=sample("s2")),
        ("s2", "listOrders"): Case(f"?term={to_uuid(ids['s2'])}"),
        ("s2", "getOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "listAccounts"): Case(),
        ("s2", "createProduct"): Case(body={}),
        ("s2", "listProducts"): Case(),
        ("s2", "updateOrder"): Case(body=sample("s2"), orderId=to_uuid(ids["s2"])),
        ("s2", "cancelOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "archiveOrder"): Case(orderId=to_uuid(ids["s2"])),
        ("s2", "unarchiveOrder"): Case(orderId=to_uuid(ids["s2"])),
    }


def _hub(ids: dict[str, int], submission_id: int) -> dict[tuple[str, str], Case]:
    hub = to_base32(ids["hub"])
    return {
        ("hub", "createOrder"): Case(body=sample("hub")),
        ("hub", "countOrders"): Case(),
        ("hub", "exportOrders"): Case("?format=ndjson"),
        ("hub", "listEvents"): Case(id=hub),
        ("hub", "editOrder"): Case(body={"notes": "x"}, id=hub),
        ("hub", "holdOrder"): Case(body={"holds": [{"reason": "x"}]}, id=hub),
        ("hub", "releaseOrder"): Case(body={}, id=hub),
        ("hub", "cancelOrder"): Case(body={}, id=hub),
        ("hub", "tagOrder"): Case(body={"add": ["x"]}, id=hub),
        ("hub", "noteOrder"): Case(body={"text": "x"}, id=hub),
        ("hub", "archiveOrder"): Case(body={}, id=hub),
        ("hub", "unarchiveOrder"): Case(body={}, id=hub),
        ("hub", "listOrders"): Case(),
        ("hub", "getOrder"): Case(id=hub),
        ("hub", "listSubmissions"): Case(),
        ("hub", "getSubmission"): Case(id=to_base32(submission_id)),
        ("hub", "redriveSubmission"): Case(id=to_base32(submission_id)),
        ("hub", "revokeToken"): Case(),
        ("hub", "followEvents"): Case("?include=order"),
        ("hub", "getMailSettings"): Case(),
        ("hub", "putMailSettings"): Case(body={"sender": "a@example.com"}),
        ("hub", "listMails"): Case(),
        ("hub", "getMail"): Case(id=to_base32(ids["mail"])),
    } | _endpoints(to_base32(ids["endpoint"]), to_base32(ids["delivery"]))


def _endpoints(endpoint: str, delivery: str) -> dict[tuple[str, str], Case]:
    return {
        ("hub", "createEndpoint"): Case(body={"url": "https://example.com/hook"}),
        ("hub", "listEndpoints"): Case(),
        ("hub", "getEndpoint"): Case(id=endpoint),
        ("hub", "changeEndpoint"): Case(body={"url": "https://example.com/else"}, id=endpoint),
        ("hub", "removeEndpoint"): Case(id=endpoint),
        ("hub", "rotateSecret"): Case(body={}, id=endpoint),
        ("hub", "testEndpoint"): Case(id=endpoint),
        ("hub", "redeliverRange"): Case(body={"since": "2020-01-01T00:00:00Z"}, id=endpoint),
        ("hub", "listDeliveries"): Case(id=endpoint),
        ("hub", "getDelivery"): Case(id=endpoint, delivery=delivery),
        ("hub", "redeliver"): Case(id=endpoint, delivery=delivery),
    }


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
    organization = await world.demo_organization()
    async with world.context.store.reading() as tx:
        records = await submissions.submissions(tx, organization.organization_id, status=None, before=None, limit=10)
    ids = {record.door: record.order_id or 0 for record in records}
    return cases(ids | await deliveries_of(world), records[0].submission_id)


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


class TestEveryScopedRoute:
    async def test_every_scoped_route_has_a_case(self, victim: Cases) -> None:
        assert {(door, route.operation) for door, route in SCOPED} == set(victim)

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

    async def test_every_scoped_route_refuses_a_token_without_its_scope(self, world: World, victim: Cases) -> None:
        found = []
        for door, route in SCOPED:
            if route.scope == access.ANY:
                continue
            headers = await world.bearer(scope=WRITE if route.scope == READ else READ)
            fault = leaks(await ask(world, door, route, victim[door, route.operation], headers), 403)
            found += [(door, route.operation, fault)] if fault else []
        assert found == []

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
            one = case.params or "order" in case.query.lower().replace("include=order", "")
            allowed = (400, 403, 404) if one else (200, 201, 204, 400, 403, 404, 422)
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

    async def test_only_the_listed_pages_exist(self, world: World) -> None:
        from crossdock.web import pages

        assert {route.path for route in pages.routes(world.context, all_doors())} == set(PAGES)

    async def test_no_page_shows_an_order(self, world: World, victim: dict[tuple[str, str], Case]) -> None:
        for path in PAGES.values():
            answer = await world.http.get(path)
            assert leaks(answer, 200) is None
