"""The ASGI application: routing, limits, bugs, and the log line."""

import asyncio
import io
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import msgspec
import pytest
import structlog

from crossdock import demo
from crossdock.core.ids import from_base32
from crossdock.doors import Door, Request, Route, all_doors
from crossdock.flows.intake import Intake
from crossdock.web import logs
from crossdock.web.asgi import Site
from tests.vendors import VENDORS, sample
from tests.world import World

DOORS = {door.name: door for door in all_doors()}
NAMES = list(DOORS)
PAGES = {name: Path(f"docs/doors/{name}.md").read_text() for name in NAMES}
LIMIT = 2_048  # in the tests that send more than the server takes


@pytest.fixture
def engine() -> str:
    """One engine: nothing here depends on the database."""
    return "sqlite"


def members(body: Any) -> set[str]:
    return set(body) if isinstance(body, dict) else set()


def is_pb_oms(body: Any) -> bool:
    return members(body) in ({"errorCode", "message", "additionalInfo"}, {"errors"})  # the latter below /shipping


def is_pb_fulfillment(body: Any) -> bool:
    return (
        isinstance(body, list)
        and body != []
        and all(members(each) == {"errorCode", "message", "additionalInfo", "parameters"} for each in body)
    )


def is_fabric(body: Any) -> bool:
    return members(body) == {"message"} and body["message"] != ""


def is_s2(body: Any) -> bool:
    return members(body) == {"code", "message"} and body["message"] != ""


def is_hub(body: Any) -> bool:
    return members(body) == {"type", "title", "status", "detail", "code", "request_id", "errors"}


SHAPES: dict[str, Callable[[Any], bool]] = {
    "pb_oms": is_pb_oms, "pb_fulfillment": is_pb_fulfillment, "fabric": is_fabric, "s2": is_s2, "hub": is_hub,
}  # fmt: skip


def check_shape(door: str, answer: httpx.Response) -> None:
    """Assert that an error has the shape of the door."""
    assert SHAPES[door](answer.json()), (door, answer.text)
    problem = "application/problem+json" if door == "hub" else "application/json"
    assert answer.headers["content-type"] == problem


def _ending(path: str) -> str:
    """Return the last two segments of a path; the pages of the doors put a common prefix before them."""
    return "/".join(path.rstrip("/").split("/")[-2:])


class TestShapes:
    def test_the_error_shapes_of_the_doors_differ(self) -> None:
        """Otherwise the response of a wrong door could pass for the right one's."""
        examples = {
            "pb_oms": {"errorCode": "", "message": "", "additionalInfo": ""},
            "pb_fulfillment": [{"errorCode": "", "message": "", "additionalInfo": "", "parameters": []}],
            "fabric": {"message": "x"},
            "s2": {"code": "", "message": "x"},
            "hub": dict.fromkeys(("type", "title", "status", "detail", "code", "request_id", "errors")),
        }
        for door, body in examples.items():
            assert [name for name in NAMES if SHAPES[name](body)] == [door]


class TestRouting:
    @pytest.mark.parametrize(
        ("door", "path", "allowed"),
        [
            ("pb_oms", "/ordermanagement/api/v1/orders", "POST"),
            ("pb_oms", "/ordermanagement/api/v1/orders/PB1", "DELETE, GET, PATCH"),
            ("pb_oms", "/auth/api/v1/token", "POST"),
            ("pb_fulfillment", "/shippingservices/fulfillment/v1/orders/bulk", "GET, POST"),
            ("pb_fulfillment", "/shippingservices/fulfillment/v1/orders/ORA1US/status", "GET"),
            ("fabric", "/api/v2/order/", "GET, POST"),
            ("fabric", "/oauth2/default/v1/token", "POST"),
            ("s2", "/order", "GET, POST"),
            ("s2", "/order/00000000-0000-0000-0000-000000000000", "GET, PUT"),
            ("s2", "/login", "POST"),
            ("hub", "/hub/v1/orders", "GET, POST"),
            ("hub", "/hub/v1/orders/abc", "GET"),
            ("hub", "/hub/v1/submissions/abc/redrive", "POST"),
        ],
    )
    async def test_a_wrong_method_is_405_with_the_methods_allowed(
        self, world: World, door: str, path: str, allowed: str
    ) -> None:
        answer = await world.http.request("TRACE", path)
        assert answer.status_code == 405
        check_shape(door, answer)
        if path.endswith("/bulk"):  # the path of a read takes it for an order id; what bulk takes must be named
            assert "POST" in answer.headers["allow"]
        else:
            assert answer.headers["allow"] == allowed

    async def test_the_condition_of_a_shared_path_comes_before_the_method(self, world: World) -> None:
        answer = await world.http.request("DELETE", "/order", headers=VENDORS["fabric"].headers(""))
        assert answer.status_code == 405
        check_shape("fabric", answer)
        assert answer.headers["allow"] == "GET, POST"

    async def test_a_path_shared_by_fabric_and_s2_is_routed_by_header(self, world: World) -> None:
        body, token = {"orderNumber": ""}, await world.bearer()
        check_shape("fabric", await world.http.post("/order", json=body, headers=token | VENDORS["fabric"].headers("")))
        check_shape("s2", await world.http.post("/order", json=body, headers=token))

    @pytest.mark.parametrize(
        ("door", "path"),
        [
            ("pb_oms", "/ordermanagement/api/v1/nothing"),
            ("pb_fulfillment", "/shippingservices/fulfillment/v2"),
            ("fabric", "/api/v2/orders-of-old"),
            ("fabric", "/oauth2/a/b/c"),
            ("s2", "/product/1/2"),
            ("s2", "/account/7"),
            ("s2", "/order/00000000-0000-0000-0000-000000000000/nothing"),  # fabric's only with its header
            ("hub", "/hub/v1/nothing"),
            ("hub", "/hub/v1/orders/"),
        ],
    )
    async def test_an_unknown_path_is_404_in_the_shape_of_the_nearest_door(
        self, world: World, door: str, path: str
    ) -> None:
        answer = await world.http.get(path)
        assert answer.status_code == 404
        check_shape(door, answer)

    @pytest.mark.parametrize("door", NAMES)
    async def test_a_call_that_is_not_offered_is_501_in_the_shape_of_its_door(self, world: World, door: str) -> None:
        page = PAGES[door]
        for route, word in (
            *((route, "not yet") for route in DOORS[door].not_yet),
            *((route, "not offered") for route in DOORS[door].not_offered),
        ):
            headers = VENDORS[door].headers("x") if route.when else {}
            for path in route.paths:
                answer = await world.http.request(route.method, re.sub(r"\{\w+\}", "x", path), headers=headers)
                assert answer.status_code == 501, (route.method, path, answer.text)
                check_shape(door, answer)
            assert any(
                route.method in line and word in line and _ending(route.paths[0]) in line for line in page.splitlines()
            ), f"docs/doors/{door}.md does not list {route.method} {route.paths[0]}"

    @pytest.mark.parametrize("path", ["/zebra", "/.env", "/favicon.png", "/%F0%9F%98%80"])
    async def test_a_path_that_resembles_no_door_is_404_in_the_shape_of_the_hub(self, world: World, path: str) -> None:
        answer = await world.http.get(path)
        assert answer.status_code == 404
        check_shape("hub", answer)
        assert answer.json()["code"] == "no_route"

    @pytest.mark.parametrize("door", NAMES)
    async def test_head_returns_the_headers_of_get_without_a_body(self, world: World, door: str) -> None:
        vendor, token = VENDORS[door], await world.bearer()
        created = await world.http.post(
            vendor.create, json=vendor.body("HEAD-1"), headers=token | vendor.headers("head-1")
        )
        path = vendor.read(created.json())
        got = await world.http.get(path, headers=token | vendor.headers("head-2"))
        head = await world.http.head(path, headers=token | vendor.headers("head-3"))
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.content))

    @pytest.mark.parametrize("path", ["/hub/v1/orders/none", "/nothing", "/login"])
    async def test_a_refused_head_has_no_body(self, world: World, path: str) -> None:
        answer = await world.http.head(path)
        assert answer.status_code in (401, 404, 405)
        assert answer.content == b""


class TestNul:
    @pytest.mark.parametrize(
        ("door", "path"),
        [
            ("pb_oms", "/ordermanagement/api/v1/orders/PB%00"),
            ("pb_oms", "/ordermanagement/api/v1/orders/PB1?x=%00"),
            ("pb_fulfillment", "/shippingservices/fulfillment/v1/orders/a%00b?clientId=1234"),
            ("pb_fulfillment", "/shippingservices/fulfillment/v1/orders/a/status?clientId=%00"),
            ("fabric", "/api/v2/order/?orderNumber=a%00b"),
            ("s2", "/order/a%00"),
            ("s2", "/account?term=%00"),
            ("hub", "/hub/v1/orders/%00"),
            ("hub", "/hub/v1/orders?number=%00"),
        ],
    )
    async def test_nul_in_a_path_or_query_is_refused_in_the_shape_of_the_door(
        self, world: World, door: str, path: str
    ) -> None:
        answer = await world.http.get(path, headers=await world.bearer() | VENDORS[door].headers("nul-1"))
        assert answer.status_code == (422 if door == "hub" else 400)
        check_shape(door, answer)


@pytest.mark.parametrize("context", [{"body_limit_bytes": LIMIT, "kept_bytes": 256}], indirect=True)
@pytest.mark.parametrize("door", NAMES)
class TestBodyLimit:
    async def test_a_body_over_the_limit_is_413(self, world: World, door: str) -> None:
        vendor = VENDORS[door]
        headers = await world.bearer() | vendor.headers("large-1")
        answer = await world.http.post(vendor.create, content=b" " * (LIMIT + 1), headers=headers)
        assert answer.status_code == 413
        check_shape(door, answer)

    async def test_a_chunked_body_over_the_limit_is_413(self, world: World, door: str) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(LIMIT // 64 + 1):
                yield b"[" * 64

        vendor = VENDORS[door]
        headers = await world.bearer() | vendor.headers("large-2")
        answer = await world.http.post(vendor.create, content=chunks(), headers=headers)
        assert answer.status_code == 413
        check_shape(door, answer)

    async def test_a_body_at_the_limit_is_read(self, world: World, door: str) -> None:
        vendor = VENDORS[door]
        headers = await world.bearer() | vendor.headers("large-3")
        answer = await world.http.post(vendor.create, content=b"{}".ljust(LIMIT), headers=headers)
        assert answer.status_code in (400, 422)

    async def test_the_beginning_of_a_body_over_the_limit_is_stored(self, world: World, door: str) -> None:
        vendor, token = VENDORS[door], await world.bearer()
        await world.http.post(vendor.create, content=b"x" * (LIMIT + 7), headers=token | vendor.headers("large-4"))
        (listed,) = (await world.http.get("/hub/v1/submissions", headers=token)).json()["items"]
        assert (listed["door"], listed["code"], listed["size"]) == (door, "too_large", LIMIT + 7)
        assert listed["complete"] is False
        full = (await world.http.get(f"/hub/v1/submissions/{listed['id']}", headers=token)).json()
        assert full["body"] == "x" * 256

    async def test_nothing_is_stored_of_a_body_over_the_limit_without_a_token(self, world: World, door: str) -> None:
        vendor = VENDORS[door]
        answer = await world.http.post(vendor.create, content=b"x" * (LIMIT + 1), headers=vendor.headers("large-5"))
        assert answer.status_code == 401
        listed = await world.http.get("/hub/v1/submissions", headers=await world.bearer())
        assert listed.json()["items"] == []


class TestRequestId:
    async def test_every_response_of_a_door_has_a_unique_request_id(self, world: World) -> None:
        token = await world.bearer()
        seen = []
        for vendor in VENDORS.values():
            for number, headers in enumerate((token, {}, token)):
                own = vendor.headers(f"id-{number}")
                seen.append(await world.http.post(vendor.create, json=sample(vendor.door), headers=headers | own))
        seen += [await world.http.get(path) for path in ("/nothing", "/order", "/hub/v1/orders/%00")]
        seen += [await world.http.head("/hub/v1/orders"), await world.http.put("/login")]
        ids = [answer.headers["x-request-id"] for answer in seen]
        assert len(set(ids)) == len(ids)
        assert all(len(each) == 16 for each in ids)


# ------------------------------------------------------------------------------------------------------------- the log
class Lines:
    """The lines written to standard error since `configure`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._stream = io.TextIOWrapper(io.BytesIO(), write_through=True)

    def configure(self, level: str) -> None:
        """Configure the log. Loggers that were used before keep their stream, so they are replaced."""
        self._patch.setattr(sys, "stderr", self._stream)
        logs.configure(level)
        for name, module in list(sys.modules.items()):
            if name.startswith("crossdock.") and hasattr(module, "_log"):
                self._patch.setattr(module, "_log", structlog.get_logger(name))

    @property
    def text(self) -> str:
        """Everything written."""
        logs.flush()
        buffer = self._stream.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode()

    @property
    def every(self) -> list[dict[str, Any]]:
        """Every line, read as the JSON object it must be."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def all(self) -> list[dict[str, Any]]:
        """Every line but those of the sign-ins of the test itself."""
        return [line for line in self.every if line["event"] != "sign-in"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Send the log of this test to memory."""
    with pytest.MonkeyPatch.context() as patch:
        found = Lines(patch)
        found.configure("debug")
        yield found
    logs.configure("critical")


SECRET = "tr0ub4dor-in-the-bug"


async def _broken(request: Request) -> NoReturn:
    raise RuntimeError(f"the handler of {request.path} is broken")


def with_a_bug(door: Door) -> Door:
    """Return the door with one more route, whose handler fails."""
    bug = Route("POST", (f"/{door.name}-bug", f"/{door.name}-bug/{{id}}"), _broken, None, "broken", "Fails")
    return msgspec.structs.replace(door, routes=(*door.routes, bug))


class TestBug:
    @pytest.mark.parametrize("path", ["/{door}-bug", "/{door}-bug/7"])
    @pytest.mark.parametrize("door", NAMES)
    async def test_a_bug_is_500_in_the_shape_of_the_door_and_logged_with_its_traceback(
        self, world: World, lines: Lines, door: str, path: str
    ) -> None:
        site = Site(world.context, Intake(world.context), [with_a_bug(each) for each in all_doors()])
        transport = httpx.ASGITransport(site, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://crossdock") as http:
            answer = await http.post(path.format(door=door), json={"email": SECRET}, headers={"Authorization": SECRET})
        assert answer.status_code == 500
        check_shape(door, answer)
        assert answer.headers["x-request-id"] in answer.text
        assert "broken" not in answer.text
        bug, request = lines.all
        assert (bug["event"], bug["level"], bug["door"], bug["operation"]) == ("bug", "error", door, "broken")
        assert bug["request_id"] == request["request_id"] == answer.headers["x-request-id"]
        assert "RuntimeError: the handler of" in bug["exception"]
        assert "in _broken" in bug["exception"]
        assert (request["event"], request["status"], request["outcome"]) == ("request", 500, "bug")
        assert SECRET not in lines.text


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text and number of a body with the name of its field."""
    if isinstance(value, dict):
        for member, each in value.items():
            yield from leaves(each, member)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, name)
    elif value is not None and not isinstance(value, bool):
        yield name, str(value)


# Fields whose values are about people or hold secrets, by parts of their names in any door.
PERSONAL = (
    "name", "first", "last", "email", "phone", "number", "address", "lines", "street", "city", "postal", "company",
    "token", "secret", "password", "card", "message", "latitude", "longitude", "notes", "fabricpaymentreference",
)  # fmt: skip
SHORTEST = 5  # shorter words ("test", "WA") are also found in the line's own


def personal(door: str) -> set[str]:
    """Return the values of a door's sample that must not be in a log."""
    return {
        value
        for name, value in leaves(sample(door))
        if any(word in name.lower() for word in PERSONAL) and len(value) >= SHORTEST
    }


def without_numbers(line: dict[str, Any]) -> str:
    """Return a line without its ids, numbers and times, whose digits may be anybody's postal code by chance."""
    line = dict(line)
    assert re.fullmatch("[0-9a-f]{16}", line.pop("request_id"))
    assert re.fullmatch(r"[-0-9]{10}T[:0-9]{8}\.[0-9]{6}Z", line.pop("at"))
    order_id = line.pop("order_id")
    assert order_id is None or from_base32(order_id) is not None
    for name in ("organization", "person", "ms"):
        assert isinstance(line.pop(name), int | float | None)
    return json.dumps(line, ensure_ascii=False)


class TestLogLine:
    @pytest.mark.parametrize("door", NAMES)
    async def test_the_log_line_of_a_create_has_organization_operation_order_and_outcome(
        self, world: World, lines: Lines, door: str
    ) -> None:
        vendor = VENDORS[door]
        organization = (await world.demo_organization()).organization_id
        token = await world.bearer()
        answer = await world.http.post(
            vendor.create, json=vendor.body("LOG-1"), headers=token | vendor.headers("log-1")
        )
        assert answer.status_code == vendor.ok
        (line,) = lines.all
        assert line["event"] == "request"
        assert line["request_id"] == answer.headers["x-request-id"]
        assert (line["organization"], line["door"], line["operation"]) == (organization, door, "createOrder")
        assert (line["status"], line["outcome"]) == (vendor.ok, "accepted")
        assert (line["client"], line["person"], line["address"]) == (demo.CLIENT_ID, None, "127.0.0.1")
        (order,) = (await world.http.get("/hub/v1/orders?number=LOG-1", headers=token)).json()["items"]
        assert line["order_id"] == order["id"]
        assert line["at"].endswith("Z")
        again = await world.http.post(vendor.create, json=vendor.body("LOG-1"), headers=token | vendor.headers("log-2"))
        assert again.status_code == vendor.ok
        assert (lines.all[2]["outcome"], lines.all[2]["order_id"]) == ("replayed", line["order_id"])

    @pytest.mark.parametrize(
        ("path", "status", "outcome", "door"),
        [
            ("/hub/v1/orders", 401, "no_token", "hub"),
            ("/nothing", 404, "no_route", "hub"),
            ("/login", 405, "no_method", "s2"),
        ],
    )
    async def test_the_log_line_of_a_refusal_has_its_code(
        self, world: World, lines: Lines, path: str, status: int, outcome: str, door: str
    ) -> None:
        await world.http.get(path)
        (line,) = lines.all
        assert (line["status"], line["outcome"], line["door"]) == (status, outcome, door)
        assert (line["organization"], line["order_id"]) == (None, None)

    @pytest.mark.parametrize("door", NAMES)
    async def test_the_log_holds_no_personal_data(self, world: World, lines: Lines, door: str) -> None:
        """The sample is accepted, repeated, in conflict, faulty, not JSON, without a token, and read."""
        vendor, token = VENDORS[door], await world.bearer()
        body = vendor.body("LOG-2")
        named = {member: {"Jane Smith": value} for member, value in body.items()}
        sent = [body, body, vendor.changed(body), named, {"jane.smith@email.com": body}]
        answers = [
            await world.http.post(vendor.create, json=each, headers=token | vendor.headers(f"pii-{number}"))
            for number, each in enumerate(sent)
        ]
        assert answers[0].status_code == vendor.ok
        assert {answer.status_code for answer in answers[2:]} <= {400, 404, 409, 422}
        odd = json.dumps(body).encode()[:-9]
        await world.http.post(vendor.create, content=odd, headers=token | vendor.headers("pii-8"))
        await world.http.post(vendor.create, json=body, headers={"Authorization": "Bearer s3cr3t-token"})
        await world.http.get(vendor.read(answers[0].json()), headers=token | vendor.headers("pii-9"))
        await world.http.get("/hub/v1/orders?email=jane@example.com&number=LOG-2", headers=token)
        assert len(lines.all) >= len(sent) + 4
        assert len(personal(door)) >= 5
        forbidden = personal(door) | {
            token["Authorization"].removeprefix("Bearer "), "s3cr3t-token", "jane@example.com", "Jane Smith", "LOG-2",
            "jane.smith@email.com",
        }  # fmt: skip
        text = "\n".join(map(without_numbers, lines.all))
        assert [each for each in sorted(forbidden) if each in text] == []

    async def test_the_log_holds_no_secret_of_a_sign_in(self, world: World, lines: Lines) -> None:
        basic = (demo.CLIENT_ID, demo.CLIENT_SECRET)
        tokens = [
            (await world.http.post("/login", json={"email": demo.USER, "password": demo.PASSWORD})).json()[
                "accessToken"
            ],
            (await world.http.post("/hub/v1/token", auth=basic)).json()["access_token"],
            (await world.http.post("/auth/api/v1/token", auth=basic)).json()["access_token"],
        ]
        await world.http.post("/login", json={"email": demo.USER, "password": "wr0ng-password"})
        assert [line["event"] for line in lines.every] == ["sign-in", "request"] * 4
        forbidden = [demo.USER, demo.PASSWORD, demo.CLIENT_SECRET, "wr0ng-password", *tokens]
        assert [each for each in forbidden if each in lines.text] == []


class TestStop:
    @pytest.mark.parametrize("door", NAMES)
    async def test_a_request_that_the_stopping_server_ends_is_503_in_the_shape_of_the_door(
        self, world: World, door: str
    ) -> None:
        waits = asyncio.Event()

        async def wait(_: Request) -> NoReturn:
            waits.set()
            await asyncio.sleep(60)
            raise AssertionError

        waiting = Route("GET", ("/waits",), wait, None, "wait", "Waits")
        with_it = msgspec.structs.replace(DOORS[door], routes=(*DOORS[door].routes, waiting))
        site = Site(world.context, Intake(world.context), [with_it])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://crossdock") as http:
            asking = asyncio.create_task(http.get("/waits"))
            await waits.wait()
            world.context.stop()
            asking.cancel()  # as the server cancels it
            answer = await asking
        assert answer.status_code == 503
        check_shape(door, answer)
        assert answer.headers["retry-after"] == "1"


class TestSafetyHeaders:
    @pytest.mark.parametrize("path", ["/hub/v1/orders", "/order", "/nothing"])
    async def test_no_cache_may_keep_an_answer_and_no_browser_may_guess_its_type(self, world: World, path: str) -> None:
        for headers in ({}, await world.bearer()):
            answer = await world.http.get(path, headers=headers)
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"


class TestLevel:
    async def test_requests_are_not_logged_at_the_level_warning(self, world: World, lines: Lines) -> None:
        await world.http.get("/hub/v1/orders")
        lines.configure("warning")
        await world.http.get("/hub/v1/orders")
        assert len(lines.all) == 1
