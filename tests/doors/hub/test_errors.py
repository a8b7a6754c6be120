"""Every refusal of this door is a problem document, whatever its code."""

import json
from typing import Any

import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal
from crossdock.doors import Headers, Request
from crossdock.doors.hub import DOOR
from crossdock.doors.hub.errors import HEADER, QUERY
from tests.doors.hub.conftest import ORDERS, create, smallest
from tests.world import World

STATUS: dict[Code, int] = {
    Code.NOT_JSON: 400, Code.TOO_DEEP: 400, Code.TOO_LARGE: 413, Code.INVALID: 422, Code.UNKNOWN_REFERENCE: 422,
    Code.NO_ROUTE: 404, Code.NO_METHOD: 405, Code.NOT_YET: 501,
    Code.NO_ORDER: 404, Code.NO_SUBMISSION: 404, Code.NOT_FOUND: 404, Code.UNKNOWN_CURSOR: 410,
    Code.NO_TOKEN: 401, Code.BAD_TOKEN: 401, Code.BAD_CREDENTIALS: 401, Code.NO_SCOPE: 403,
    Code.FOREIGN_ORGANIZATION: 403, Code.NUMBER_TAKEN: 409, Code.KEY_REUSED: 422, Code.STATE_FORBIDS: 409,
    Code.STALE_VERSION: 412, Code.EXISTS: 409, Code.UNAVAILABLE: 503, Code.OVERLOADED: 503,
    Code.TOO_MANY_ATTEMPTS: 429, Code.RATE_LIMITED: 429, Code.BAD_REQUEST: 400, Code.HEAD_TOO_LARGE: 431, Code.TOO_SLOW: 408,
}  # fmt: skip
MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def make_request() -> Request:
    """Return a request as the refusals see it: nothing but its id is looked at."""
    nobody: Any = None
    return Request(
        context=nobody, intake=nobody, route=DOOR.routes[0], method="POST", path=ORDERS, params={}, query_string=b"",
        headers=Headers([]), body=b"", request_id="r-1",
    )  # fmt: skip


def refusal(code: Code, *faults: Fault) -> Refusal:
    """Make a refusal of the kind that carries a code."""
    (kind,) = (each for each in (Invalid, NotFound, Denied, Conflict, Busy) if code in each.allowed)
    return kind(code, "something is wrong", faults=faults)


class TestRefuse:
    @pytest.mark.parametrize("code", Code)
    def test_renders_every_code_as_a_problem(self, code: Code) -> None:
        reply = DOOR.refuse(refusal(code, Fault(("lines", 0, "sku"), "is odd")), make_request())
        problem = json.loads(reply.body)
        assert (reply.status, reply.content_type) == (STATUS[code], "application/problem+json")
        assert set(problem) == MEMBERS
        assert (problem["status"], problem["code"], problem["request_id"]) == (STATUS[code], code, "r-1")
        assert (problem["type"], problem["detail"]) == (f"urn:crossdock:problem:{code}", "something is wrong")
        assert problem["errors"] == [{"detail": "is odd", "pointer": "/lines/0/sku"}]
        headers = dict(reply.headers)
        assert ("WWW-Authenticate" in headers, "Retry-After" in headers) == (reply.status == 401, reply.status == 503)

    def test_renders_a_bug_without_telling_why(self) -> None:
        reply = DOOR.refuse(None, make_request())
        problem = json.loads(reply.body)
        assert (reply.status, problem["code"], problem["errors"]) == (500, "bug", [])
        assert problem["request_id"] == "r-1"

    @pytest.mark.parametrize(
        ("code", "title"),
        [(Code.NOT_JSON, "Not JSON"), (Code.NO_ORDER, "No order"), (Code.STALE_VERSION, "Stale version")],
    )
    def test_gives_each_code_a_title(self, code: Code, title: str) -> None:
        assert json.loads(DOOR.refuse(refusal(code), make_request()).body)["title"] == title

    def test_names_a_hundred_faults_at_most(self) -> None:
        faults = [Fault(("lines", number), "is odd") for number in range(7_500)]
        problem = json.loads(DOOR.refuse(refusal(Code.INVALID, *faults), make_request()).body)
        assert [each["pointer"] for each in problem["errors"]] == [f"/lines/{number}" for number in range(100)]

    def test_tells_places_in_body_query_and_header_apart(self) -> None:
        faults = (
            Fault(("a/b", 3, "c~d"), "1"), Fault((), "2"), Fault((QUERY, "limit"), "3"), Fault((HEADER, "X-Own"), "4"),
        )  # fmt: skip
        problem = json.loads(DOOR.refuse(refusal(Code.INVALID, *faults), make_request()).body)
        assert problem["errors"] == [
            {"detail": "1", "pointer": "/a~1b/3/c~0d"},
            {"detail": "2", "pointer": ""},
            {"detail": "3", "parameter": "limit"},
            {"detail": "4", "parameter": "X-Own"},
        ]


class TestOverHttp:
    async def test_a_hundred_faults_of_a_query_are_named_at_most(self, world: World, headers: dict[str, str]) -> None:
        query = "&".join(f"x{number}=1" for number in range(7_500))
        answer = await world.http.get(f"{ORDERS}?{query}", headers=headers)
        assert (answer.status_code, len(answer.json()["errors"])) == (422, 100)

    async def test_a_taken_number_is_told_with_the_order_that_has_it(
        self, world: World, headers: dict[str, str]
    ) -> None:
        first = await create(world, headers, smallest("H-1"))
        answer = await world.http.post(ORDERS, json=smallest("H-1", notes="other"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "number_taken")
        assert answer.json()["order_id"] == first["id"]
        second = await create(world, headers, smallest("H-2"))
        answer = await world.http.post(f"{ORDERS}/{second['id']}/edit", json={"number": "H-1"}, headers=headers)
        assert (answer.json()["code"], answer.json()["order_id"]) == ("number_taken", first["id"])

    @pytest.mark.parametrize(
        ("method", "path", "status", "code"),
        [
            ("GET", "/hub/v1/nothing", 404, "no_route"),
            ("DELETE", ORDERS, 405, "no_method"),
            ("GET", f"{ORDERS}/nothing", 404, "no_order"),
            ("GET", "/hub/v1/submissions/nothing", 404, "no_submission"),
            ("POST", "/hub/v1/submissions/nothing/redrive", 404, "no_submission"),
        ],
    )
    async def test_is_told_in_the_same_shape(
        self, world: World, headers: dict[str, str], method: str, path: str, status: int, code: str
    ) -> None:
        answer = await world.http.request(method, path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert set(answer.json()) == MEMBERS
        assert answer.json()["code"] == code

    async def test_a_missing_token_is_told_so(self, world: World) -> None:
        answer = await world.http.get(ORDERS)
        assert (answer.status_code, answer.json()["code"]) == (401, "no_token")
        assert answer.headers["www-authenticate"] == "Bearer"


class TestQuery:
    async def test_every_call_that_writes_refuses_parameters_that_it_does_not_know(self, world: World) -> None:
        headers = await world.bearer()
        for route in DOOR.routes:
            path = route.paths[0]
            if route.method == "GET" or "/token" in path:
                continue
            for name in ("id", "code", "sku", "delivery"):
                path = path.replace(f"{{{name}}}", "0scawkt7g0601")
            answer = await world.http.request(route.method, f"{path}?bogus=1", json={}, headers=headers)
            assert {"bogus"} & {each.get("parameter") for each in answer.json()["errors"]}, (route.method, path)
