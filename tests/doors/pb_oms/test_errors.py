"""Errors of the Pitney Bowes OMS door."""

from typing import Any

import httpx
import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal
from crossdock.doors import Headers as RequestHeaders
from crossdock.doors import Request
from crossdock.doors.pb_oms.errors import STATUS_OF, refuse
from tests.doors.pb_oms.client import ORDERS, Headers, is_error, is_shipping_error
from tests.world import World

KINDS: tuple[type[Refusal], ...] = (Invalid, NotFound, Denied, Conflict, Busy)
ERROR_CODES = {
    "validation_error", "unauthorized_error", "forbidden_error", "not_found", "invalid_state", "internal_error",
    "not_offered", "too_many_requests",
}  # fmt: skip

_REFUSED = {"customsproduct": (405, "validation_error"), "nothing": (404, "not_found")}


def request() -> Request:
    rest: dict[str, Any] = dict.fromkeys(("context", "intake", "route"))
    return Request(
        **rest,
        method="POST",
        path=ORDERS,
        params={},
        query_string=b"",
        headers=RequestHeaders([]),
        body=b"",
        request_id="r1",
    )


class TestErrors:
    @pytest.mark.parametrize("code", list(Code))
    def test_every_refusal_code_has_the_same_error_object(self, code: Code) -> None:
        kind = next(kind for kind in KINDS if code in kind.allowed)
        faults = (Fault(("items", 0, "quantity"), "is required"), Fault((), "must be an object"))
        reply = refuse(kind(code, "something is wrong", faults=faults), request())
        response = httpx.Response(reply.status, content=reply.body)
        assert response.json()["errorCode"] in ERROR_CODES
        assert is_error(response, STATUS_OF[code], response.json()["errorCode"])
        assert response.json()["additionalInfo"] == "items[0].quantity: is required; body: must be an object"

    def test_the_error_of_a_bug_refers_to_the_log(self) -> None:
        reply = refuse(None, request())
        response = httpx.Response(reply.status, content=reply.body)
        assert is_error(response, 500, "internal_error")
        assert "r1" in response.json()["additionalInfo"]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"orderNumber":NaN}', b'{"a":1,"a":2}'])
    async def test_a_malformed_body_is_a_validation_error(self, world: World, headers: Headers, body: bytes) -> None:
        response = await world.http.post(ORDERS, content=body, headers=headers)
        assert is_error(response, 400, "validation_error")
        assert response.json()["additionalInfo"]

    async def test_errors_below_shipping_are_in_an_array_but_for_orders(self, world: World, headers: Headers) -> None:
        for base in ("/shipping", "/ca/shipping"):
            for path in ("customsproduct", "nothing"):
                assert is_shipping_error(
                    await world.http.patch(f"{base}/api/v1/{path}", headers=headers), *_REFUSED[path]
                )
        assert is_error(await world.http.get("/ca/shipping/api/v1/orders/PB1", headers=headers), 404, "not_found")
        assert is_error(await world.http.put("/ca/shipping/api/v1/orders", headers=headers), 405, "validation_error")

    def test_every_401_says_how_to_authenticate(self) -> None:
        for code in (code for code, status in STATUS_OF.items() if status == 401):
            assert dict(refuse(Denied(code, "no"), request()).headers)["WWW-Authenticate"].split()[0] in (
                "Bearer",
                "Basic",
            )

    async def test_an_unknown_path_or_method_has_the_error_object(self, world: World, headers: Headers) -> None:
        assert is_error(await world.http.delete(ORDERS, headers=headers), 405, "validation_error")
        assert is_error(await world.http.get("/ordermanagement/api/v1/nothing", headers=headers), 404, "not_found")

    async def test_a_body_that_is_too_large_is_a_validation_error(self, world: World, headers: Headers) -> None:
        response = await world.http.post(ORDERS, content=b" " * 1_048_577, headers=headers)
        assert is_error(response, 413, "validation_error")
