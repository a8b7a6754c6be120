"""Errors: status, code and message of refusals and bugs."""

import json

import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound
from crossdock.doors import Headers, Request
from crossdock.doors.s2 import DOOR
from crossdock.doors.s2.wire import ERROR_CODES
from tests.doors.s2.client import SAMPLE
from tests.world import World

KINDS = (Invalid, NotFound, Denied, Conflict, Busy)


class TestRefusals:
    @pytest.mark.parametrize("header", [None, "Basic eDp5", "Bearer", "Bearer x.y.z"])
    async def test_a_call_without_a_valid_token_is_refused(self, world: World, header: str | None) -> None:
        for method, path in (("POST", "/order"), ("GET", "/order"), ("GET", "/account"), ("POST", "/product")):
            headers = {} if header is None else {"Authorization": header}
            response = await world.http.request(method, path, headers=headers)
            assert response.status_code == 401
            assert list(response.json()) == ["code", "message"]
            assert response.json()["code"] == "UNAUTHENTICATED"
            assert response.headers["www-authenticate"] == "Bearer"  # RFC 9110, section 15.5.2

    async def test_a_call_without_the_scope_is_refused(self, world: World) -> None:
        headers = await world.bearer(scope="orders:read")
        response = await world.http.post("/order", content=SAMPLE, headers=headers)
        assert (response.status_code, response.json()["code"]) == (403, "PERMISSION_DENIED")

    async def test_a_call_with_an_expired_token_is_refused(self, world: World) -> None:
        response = await world.http.get("/account", headers=await world.bearer(lifetime_s=-1))
        assert (response.status_code, response.json()["code"]) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize("code", list(Code))
    def test_every_refusal_code_is_rendered_with_code_and_message(self, code: Code) -> None:
        (kind,) = [kind for kind in KINDS if code in kind.allowed]
        refusal = kind(code, "it is so", faults=(Fault(("items", 0, "quantity"), "must be at least 1"),), number="n")
        reply = DOOR.refuse(refusal, request())
        document = json.loads(reply.body)
        assert list(document) == ["code", "message"]
        assert 400 <= reply.status <= 503
        assert reply.status != 500
        assert ("WWW-Authenticate" in dict(reply.headers)) == (reply.status == 401)
        assert document["code"] in ERROR_CODES
        assert "items[0].quantity: must be at least 1" in document["message"] or "'n'" in document["message"]

    def test_the_error_of_a_bug_refers_to_the_log(self) -> None:
        reply = DOOR.refuse(None, request())
        document = json.loads(reply.body)
        assert (reply.status, document["code"]) == (500, "INTERNAL")
        assert "0123456789abcdef" in document["message"]


def request() -> Request:
    """Return a request of the sign-in."""
    return Request(
        context=None, intake=None, route=DOOR.routes[0], method="POST", path="/login", params={}, query_string=b"",
        headers=Headers([]), body=b"", request_id="0123456789abcdef",
    )  # type: ignore[arg-type]  # fmt: skip
