"""fabric's webhooks over real connections: events are delivered under the vendor's names, once, in order, again on request."""

import asyncio
from typing import Any

import pytest

from crossdock.core.ids import from_hex24, to_hex24
from crossdock.doors.fabric.routes import notifications
from crossdock.flows import backorders, endpoints, queries
from tests.doors.fabric.conftest import CONTEXT, ORDERS, shirts, smallest
from tests.doors.fabric.golden import by_hub
from tests.flows.allocating import add_locations, configure, count
from tests.notifications.receiver import Receiver, answer
from tests.notifications.world import ALLOWED, bodies, caller_of, endpoint, eventually, working
from tests.vendors import FABRIC_ACCOUNT
from tests.world import World

pytestmark = pytest.mark.parametrize("context", [ALLOWED], indirect=True)

WEBHOOKS = "/api/v2/webhook/"
EVERYTHING = (
    "ORDER_CREATE", "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL", "ORDER_CANCELLED",
    "ORDER_PARTIALLY_CANCELLED", "ORDER_HOLD_FRAUD", "FRAUD_RELEASE", "SHIPMENT_CREATED", "SHIPPING_CONFIRMATION_EMAIL",
    "ORDER_SHIPPED",
)  # fmt: skip


def webhook(target: str, *events: str, **more: Any) -> dict[str, Any]:
    return {
        "events": list(events), "protocol": "HTTP", "requestType": "POST", "source": "ORDER_SERVICE", "target": target,
    } | more  # fmt: skip


@pytest.fixture
async def tenant(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"tenant-key": FABRIC_ACCOUNT}


class Client:
    """A client of the door with one caller's headers; asserts the status of each response."""

    def __init__(self, world: World, headers: dict[str, str]) -> None:
        self.world = world
        self.headers = headers

    async def __call__(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answered = await self.world.http.request(method, path, json=body, headers=self.headers)
        assert answered.status_code == status, answered.text
        return answered.json() if answered.headers["content-type"] == "application/json" else answered.text

    async def query(self, **body: Any) -> list[Any]:
        """Search the events of webhooks."""
        found: list[Any] = (await self("POST", WEBHOOKS + "event/query", body))["events"]
        return found

    async def wait_for_events(self, count: int) -> list[Any]:
        """Wait until `count` events are settled, and return them, oldest first."""

        async def settled() -> bool:
            found = await self.query(limit=250)
            return len(found) >= count and all(each["status"] in ("SUCCESS", "FAILED") for each in found)

        await eventually(settled)
        return await self.query(limit=250, sortBy="createdAt", sortDirection="asc")


@pytest.fixture
async def ask(world: World, tenant: dict[str, str]) -> Client:
    return Client(world, tenant)


def names(receiver: Receiver) -> list[str]:
    return [each["event"] for each in bodies(receiver.got)]


class TestDelivery:
    async def test_a_new_order_is_delivered_once_and_in_order(self, world: World, ask: Client) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await ask("POST", WEBHOOKS, webhook(receiver.url, *EVERYTHING, targetApiKey="k-1"))
            order = await ask("POST", ORDERS, smallest())
            await ask.wait_for_events(2)
        assert names(receiver) == ["ORDER_CREATE", "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL"]
        created, _ = bodies(receiver.got)
        assert created["payload"] == order
        assert (
            len({each.headers["webhook-id"] for each in receiver.got}) == 2
        )  # else the second would be taken for a repeat
        assert {each.headers["x-api-key"] for each in receiver.got} == {made["targetApiKey"]} == {"k-1"}

    async def test_changes_of_an_order_are_delivered(self, world: World, ask: Client) -> None:
        async with Receiver() as receiver, working(world.context):
            await ask("POST", WEBHOOKS, webhook(receiver.url, *EVERYTHING))
            order = await ask("POST", ORDERS, shirts(statusCode="ORDER_HOLD_FRAUD"))
            await ask("POST", "/api/v2/fraud/release", {"orderNumber": order["orderNumber"]})
            await ask(
                "POST", ORDERS + "cancel",
                {"orderId": order["orderId"], "items": [{"lineItemId": "a", "quantity": 1, "reasonCode": "late"}]},
            )  # fmt: skip
            caller = await caller_of(world)
            found = await queries.order(world.context, caller, order_id=from_hex24(order["orderId"]))
            await by_hub(world, caller, "ship", found)
            await ask.wait_for_events(8)
        assert names(receiver) == [
            "ORDER_CREATE", "MULTI_ITEM_ORDER_CONFIRMATION_EMAIL", "ORDER_HOLD_FRAUD", "FRAUD_RELEASE",
            "ORDER_PARTIALLY_CANCELLED", "SHIPMENT_CREATED", "SHIPPING_CONFIRMATION_EMAIL", "ORDER_SHIPPED",
        ]  # fmt: skip
        response = bodies(receiver.got)
        assert [each["payload"]["statusCode"] for each in response][2:5] == [
            "ORDER_HOLD_FRAUD", "ORDER_CREATED", "ORDER_PARTIALLY_CANCELLED",
        ]  # fmt: skip
        assert response[4]["details"] == {
            "items": [{"lineItemId": "a", "sku": "RED-M", "quantity": 1}], "reasonCode": "late",
        }  # fmt: skip
        assert response[5]["details"]["items"][0] == {"lineItemId": "a", "sku": "RED-M", "quantity": 2}

    async def test_orders_of_other_doors_are_delivered_too(self, world: World, ask: Client) -> None:
        async with Receiver() as receiver, working(world.context):
            await ask("POST", WEBHOOKS, webhook(receiver.url, "ORDER_CREATE"))
            body = {"number": "H-1", "lines": [{"sku": "A", "quantity": 2}]}
            await ask("POST", "/hub/v1/orders", body, status=201)
            await ask.wait_for_events(1)
        assert bodies(receiver.got)[0]["payload"]["orderNumber"] == "H-1"

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "GET", "DELETE"])
    async def test_a_webhook_is_sent_with_its_method(self, world: World, ask: Client, method: str) -> None:
        async with Receiver() as receiver, working(world.context):
            wanted = webhook(receiver.url, "ORDER_CREATE", requestType=method)
            wanted["headers"] = [{"headerName": "X-Own", "headerValue": "v", "isSecret": True}]
            made = await ask("POST", WEBHOOKS, wanted)
            await ask("POST", ORDERS, smallest())
            await ask.wait_for_events(1)
        (got,) = receiver.got
        assert (got.method, got.headers["x-own"], made["requestType"]) == (method, "v", method)
        assert made["headers"] == [{"headerName": "X-Own", "headerValue": None, "isSecret": True}]


class TestDefinitions:
    async def test_events_that_are_not_listed_are_stored_and_returned_and_never_occur(
        self, world: World, ask: Client
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await ask(
                "POST", WEBHOOKS, webhook(receiver.url, "SOMETHING_NEW", "ORDER_CREATED", protocol="https")
            )
            assert (made["events"], made["protocol"]) == (["SOMETHING_NEW", "ORDER_CREATED"], "https")
            only = await ask("POST", WEBHOOKS, webhook(f"{receiver.url}/only", "SOMETHING_NEW", "OTHER"))
            await ask("POST", ORDERS, smallest())
            await ask.wait_for_events(1)
            assert await ask("GET", WEBHOOKS + only["webhookId"]) == only
            changed = await ask("PATCH", WEBHOOKS + only["webhookId"], {"events": ["OTHER", "NEWER"]})
            assert changed["events"] == ["OTHER", "NEWER"]
            assert [each["webhookId"] for each in await ask("GET", f"{WEBHOOKS}?eventType=NEWER")] == [
                only["webhookId"]
            ]
            again = {"channel": 12, "tenant": FABRIC_ACCOUNT, "event": "NEWER", "payload": {"a": 1}}
            assert len(await ask("POST", WEBHOOKS + "retry", again)) == 1
            await ask.wait_for_events(2)
        assert names(receiver) == ["ORDER_CREATE", "NEWER"]

    async def test_the_hub_shows_and_changes_a_definition_with_events_that_are_not_listed(self, ask: Client) -> None:
        made = await ask("POST", WEBHOOKS, webhook("https://example.com/hook", "SOMETHING_NEW", "ORDER_CREATED"))
        (shown,) = (await ask("GET", "/hub/v1/endpoints"))["items"]
        assert shown["types"] == ["SOMETHING_NEW", "ORDER_CREATE"]
        await ask("PATCH", f"/hub/v1/endpoints/{shown['id']}", {"types": ["SOMETHING_NEW", "ORDER_SHIPPED"]})
        read = await ask("GET", WEBHOOKS + made["webhookId"])
        assert read["events"] == ["SOMETHING_NEW", "ORDER_SHIPPED"]

    async def test_empty_text_counts_as_missing_in_a_definition(self, ask: Client) -> None:
        body = webhook(
            "https://example.com/hook", "ORDER_CREATE", targetApiKey="", format="", callbackUrl="", tenantId=""
        )
        made = await ask("POST", WEBHOOKS, body)
        assert (made["targetApiKey"], made["format"], made["callbackUrl"]) == (None, "application/json", "")

    async def test_a_page_size_above_the_maximum_is_clamped(self, ask: Client) -> None:
        made = await ask("POST", WEBHOOKS, webhook("https://example.com/hook", "ORDER_CREATE"))
        for limit in ("251", "9" * 40, "0" * 20 + "5"):
            assert await ask("GET", f"{WEBHOOKS}?offset=0&limit={limit}") == [made]
        assert await ask("GET", f"{WEBHOOKS}?offset={'9' * 40}&limit=1") == []
        page = await ask("POST", WEBHOOKS + "event/query", {"limit": 5_000, "offset": 10**12})
        assert (page["limit"], page["events"]) == (250, [])

    async def test_concurrent_creates_of_a_definition_make_only_one(self, ask: Client) -> None:
        async def make(place: int) -> int:
            body = webhook("https://example.com/hook", "ORDER_CREATE", requestType=("POST", "PUT")[place % 2])
            answered = await ask.world.http.post(WEBHOOKS, json=body, headers=ask.headers)
            return answered.status_code

        assert sorted(await asyncio.gather(*map(make, range(16)))) == [200, *[409] * 15]
        assert len(await ask("GET", WEBHOOKS)) == 1

    async def test_a_definition_cannot_become_equal_to_another(self, ask: Client) -> None:
        await ask("POST", WEBHOOKS, webhook("https://example.com/a", "ORDER_CREATE"))
        made = await ask("POST", WEBHOOKS, webhook("https://example.com/b", "ORDER_CREATE", apiVersion="1.0.0"))
        one = WEBHOOKS + made["webhookId"]
        await ask("PATCH", one, {"target": "https://example.com/a", "apiVersion": None}, status=409)
        assert (await ask("GET", one)) == made
        changed = await ask("PATCH", one, {"target": "https://example.com/a"})
        assert changed == made | {"target": "https://example.com/a", "updatedDate": changed["updatedDate"]}
        assert [each["apiVersion"] for each in await ask("GET", WEBHOOKS + "?apiVersion=1.0.0")] == ["1.0.0"]

    async def test_a_secret_header_is_unchanged_where_it_is_omitted(self, ask: Client) -> None:
        secret = {"headerName": "X-Own", "headerValue": "v", "isSecret": True}
        made = await ask("POST", WEBHOOKS, webhook("https://example.com/a", "ORDER_CREATE", headers=[secret]))
        await ask("PATCH", WEBHOOKS + made["webhookId"], {"events": ["ORDER_SHIPPED"]})
        (found,) = await endpoints.all_of(ask.world.context, await caller_of(ask.world))
        wanted = endpoints.subscription_of(ask.world.context, found)
        assert (wanted.headers, wanted.topics) == ((("X-Own", "v"),), ("ORDER_SHIPPED",))

    async def test_endpoints_of_the_hub_are_not_visible(self, world: World, ask: Client) -> None:
        made = await endpoint(world, "https://example.com/hub", format="fabric_event", topics=("ORDER_CREATE",))
        assert await ask("GET", WEBHOOKS) == []
        for method in ("GET", "PATCH", "DELETE"):
            response = await ask(method, WEBHOOKS + to_hex24(made.endpoint_id), {}, status=404)
            assert response == {"message": "Webhook not found"}
        mine = await ask("POST", WEBHOOKS, webhook("https://example.com/hub", "ORDER_CREATE"))
        displayed = await ask("GET", "/hub/v1/endpoints")
        assert [each["format"] for each in displayed["items"]] == ["fabric_event", "fabric_event"]
        assert await ask("DELETE", WEBHOOKS + mine["webhookId"]) == mine
        await ask("GET", WEBHOOKS + mine["webhookId"], status=404)


class TestRetry:
    async def test_a_retry_repeats_the_delivery_of_an_event_record(self, world: World, ask: Client) -> None:
        async with Receiver() as receiver, working(world.context):
            await ask("POST", WEBHOOKS, webhook(receiver.url, "ORDER_CREATE", tenantId="t"))
            receiver.script(answer(410, b"away"))
            order = await ask("POST", ORDERS, smallest())
            await receiver.wait_for(1)
            (found,) = await endpoints.all_of(world.context, await caller_of(world))

            async def is_off() -> bool:
                return (await ask("GET", "/hub/v1/endpoints"))["items"][0]["enabled"] is False

            await eventually(is_off)
            await endpoints.change(
                world.context, await caller_of(world), endpoint_id=found.endpoint_id, enabled=True
            )  # fmt: skip
            (event,) = await ask.query()
            assert (event["event"], event["payload"]) == ("ORDER_CREATE", {"orderId": order["orderId"]})
            assert event["logs"][0]["eventResponses"][0]["statusCode"] == 410
            again = {"channel": "12", "tenant": FABRIC_ACCOUNT, "event": "ORDER_CREATED"}
            response = await ask("POST", WEBHOOKS + "retry", again | {"eventRequestId": event["eventRequestId"]})
            assert response == ['{"statusCodeValue":200,"statusCode":"OK"}']
            (event,) = await ask.wait_for_events(1)
        assert (event["status"], event["retryCount"], event["tenantId"]) == ("SUCCESS", 1, "t")
        first, second = receiver.got
        assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])

    async def test_a_retry_sends_its_payload_to_subscribed_webhooks(self, world: World, ask: Client) -> None:
        async with Receiver() as receiver, Receiver() as other, working(world.context):
            await ask("POST", WEBHOOKS, webhook(receiver.url, "ORDER_CREATE"))
            await ask("POST", WEBHOOKS, webhook(other.url, "ORDER_SHIPPED"))
            again = {"channel": 12, "tenant": FABRIC_ACCOUNT, "event": "ORDER_CREATED"}
            assert len(await ask("POST", WEBHOOKS + "retry", again | {"payload": {"orderId": "x"}})) == 1
            await ask.wait_for_events(1)
            order = await ask("POST", ORDERS, smallest())
            await ask.wait_for_events(2)
            assert len(await ask("POST", WEBHOOKS + "retry", again | {"orderNumber": order["orderNumber"]})) == 1
            await ask.wait_for_events(3)
        assert bodies(receiver.got) == [
            {"event": "ORDER_CREATE", "payload": {"orderId": "x"}},
            *[{"event": "ORDER_CREATE", "payload": order}] * 2,
        ]
        assert other.got == []


class TestEventLog:
    async def test_event_records_are_searched_sorted_and_paged(self, world: World, ask: Client) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await ask(
                "POST", WEBHOOKS, webhook(receiver.url, "ORDER_CREATE", "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL")
            )
            ids = [(await ask("POST", ORDERS, smallest(orderNumber=f"N-{n}")))["orderId"] for n in range(3)]
            await ask.wait_for_events(6)
        assert len(await ask.query(filters={"event": "ORDER_*"})) == 3
        assert len(await ask.query(filters={"payload": {"orderId": ids[1]}, "status": ["SUCCESS"]})) == 2
        assert len(await ask.query(filters={"logs": {"webhookId": made["webhookId"]}}, limit=4, offset=3)) == 3
        ascending = await ask.query(sortBy="event", sortDirection="asc")
        assert [each["event"] for each in ascending] == sorted(each["event"] for each in ascending)
        page = await ask("POST", WEBHOOKS + "event/query", {"filters": {"event": "NONE"}})
        assert page == {"count": 0, "limit": 10, "offset": 0, "events": []}


class TestNotifications:
    SEND = "/api/v2/notification/send"

    async def test_a_notification_is_sent_again_through_webhooks(
        self, world: World, ask: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            await ask("POST", WEBHOOKS, webhook(receiver.url, "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL"))
            order = await ask("POST", ORDERS, smallest())
            hold_request = {
                "id": order["orderId"],
                "notificationType": "SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL",
                "documentType": "ORDER",
                "overrideContactInfo": [{"name": "Jane", "email": "jane@example.com", "phone": "1"}],
            }
            assert await ask("POST", self.SEND, hold_request) == [hold_request]
            assert "within 60 seconds" in await ask("POST", self.SEND, hold_request, status=403)
            await ask("POST", self.SEND, hold_request | {"overrideContactInfo": []})
            monkeypatch.setattr(notifications, "TWICE_WITHIN_S", 0)
            await ask("POST", self.SEND, hold_request)
            await ask.wait_for_events(4)
        first, second, third, fourth = bodies(receiver.got)
        assert {each["event"] for each in bodies(receiver.got)} == {"SINGLE_ITEM_ORDER_CONFIRMATION_EMAIL"}
        assert "details" not in first
        assert second["details"] == fourth["details"] == hold_request
        assert third["details"] == hold_request | {"overrideContactInfo": []}
        assert second["payload"]["orderId"] == order["orderId"]

    async def test_an_acknowledgment_is_in_the_audit_log_once(self, ask: Client) -> None:
        order = await ask("POST", ORDERS, smallest())
        report = {
            "id": order["orderId"],
            "documentType": "ORDER",
            "notificationType": "ORDER_CREATED",
            "notificationDate": "2026-01-30T10:53:24Z",
        }
        for _ in range(2):
            assert await ask("POST", "/api/v2/notification/acknowledgment", report) == report
        read = await ask("GET", ORDERS + "?orderId=" + order["orderId"])
        _, audit = read["auditLogs"]
        assert (audit["note"], audit["attributes"]) == ("ORDER_CREATED acknowledged", report)

    async def test_a_notification_of_another_document_is_not_found(self, ask: Client) -> None:
        order = await ask("POST", ORDERS, smallest())
        hold_request = {"id": order["orderId"], "notificationType": "SHIPMENT_CREATED", "documentType": "SHIPMENT"}
        assert (
            await ask("POST", self.SEND, hold_request, status=404) == f"Entity with Id {order['orderId']} doesn't exist"
        )

    async def test_a_notification_is_accepted_with_the_tenant_key_alone(self, world: World, ask: Client) -> None:
        order = await ask("POST", ORDERS, smallest())
        hold_request = {"id": order["orderId"], "notificationType": "ORDER_CREATED", "documentType": "ORDER"}
        token = await world.bearer()
        for tenant, status in ((FABRIC_ACCOUNT, 200), ("f" * 24, 403), ("", 400)):
            response = await world.http.post(self.SEND, json=hold_request, headers=token | {"tenant-key": tenant})
            assert response.status_code == status, response.text
            assert response.headers["content-type"].startswith("application/json" if status == 200 else "text/plain")
        assert (await world.http.post(self.SEND, json=hold_request, headers=token | CONTEXT)).status_code == 400


class TestAllocations:
    async def test_a_warehouse_gets_each_allocation_and_each_that_is_given_back(
        self, world: World, ask: Client
    ) -> None:
        caller = await caller_of(world)
        await add_locations(world, caller, "W1", "W2")
        await count(world, caller, "RED-M", "W1", 3)
        async with Receiver() as receiver, working(world.context):
            await ask("POST", WEBHOOKS, webhook(receiver.url, "ALLOCATION_*", source="ALLOCATION_SERVICE"))
            await ask("POST", ORDERS, shirts())
            (first,) = await ask("POST", "/api/v2/allocation/query", {})
            await count(world, caller, "RED-M", "W2", 3)
            second = await ask("PUT", f"/api/v2/allocation/{first['allocationId']}", first | {"locationNum": "W2"})
            await ask("PUT", f"/api/v2/allocation/cancel/{second['allocationId']}")
            await ask.wait_for_events(4)
        assert names(receiver) == [
            "ALLOCATION_CREATE", "ALLOCATION_CANCELLED", "ALLOCATION_CREATE", "ALLOCATION_CANCELLED",
        ]  # fmt: skip
        items = [{"lineItemId": "a", "sku": "RED-M", "quantity": 3}]
        assert [each["details"] for each in bodies(receiver.got)] == [
            {"locationNum": "W1", "allocationId": first["allocationId"], "items": items},
            {"items": items, "allocationIds": [first["allocationId"]], "note": "moved to W2"},
            {"locationNum": "W2", "allocationId": second["allocationId"], "items": items},
            {"items": items, "allocationIds": [second["allocationId"]], "note": "allocation canceled"},
        ]


class TestBackorders:
    async def test_the_notices_of_a_delay_have_the_vendors_names_and_so_has_its_end(
        self, world: World, ask: Client
    ) -> None:
        caller, now = await caller_of(world), world.context.clock
        await add_locations(world, caller, "W1")
        await configure(world, caller, consent_days=(10, 20, 25), max_wait_days=30)
        await count(world, caller, "RED-M", "W1", 1)
        async with Receiver() as receiver:
            await ask("POST", WEBHOOKS, webhook(receiver.url, "BACKORDER_*", source="NOTIFICATION_SERVICE"))
            await ask("POST", ORDERS, shirts())
            for days in (10, 20, 25, 30):
                world.context.clock = lambda days=days: now() + days * 86_400_000_000  # type: ignore[misc]
                await backorders.serve_all(world.context)
            world.context.clock = now  # tokens would have expired
            async with working(world.context):
                await ask.wait_for_events(5)
        assert names(receiver) == [
            "BACKORDER_NOTIFICATION_EMAIL", "BACKORDER_30_DAYS_CONSENT_TO_DELAY_EMAIL",
            "BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL", "BACKORDER_53_DAYS_CONSENT_TO_DELAY_EMAIL", "BACKORDER_CANCEL_EMAIL",
        ]  # fmt: skip
        details = [each["details"] for each in bodies(receiver.got)]
        items = [{"lineItemId": "a", "sku": "RED-M", "quantity": 2}]
        assert [each["items"] for each in details] == [items] * 5
        assert ["consentBy" in each for each in details] == [False, True, True, True, False]
        assert details[-1]["reasonCode"] == "no stock within 30 days"
