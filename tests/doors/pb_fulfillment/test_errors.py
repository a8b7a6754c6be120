"""Errors of the Pitney Bowes Fulfillment door."""

from typing import Any

import httpx
import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal
from crossdock.doors import Headers, Request
from crossdock.doors.pb_fulfillment.errors import ERRORS, refuse
from tests.doors.pb_fulfillment.client import ORDERS, VendorClient

UNIFIED = "X-PB-UnifiedErrorStructure"
KINDS: tuple[type[Refusal], ...] = (Invalid, NotFound, Denied, Conflict, Busy)


def request(**headers: str) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    rest: dict[str, Any] = dict.fromkeys(("context", "intake", "route"))
    return Request(
        **rest, method="POST", path=ORDERS, params={}, query_string=b"", headers=Headers(raw), body=b"", request_id="r1"
    )


class TestErrors:
    @pytest.mark.parametrize("code", list(Code))
    @pytest.mark.parametrize("unified", [False, True])
    def test_every_code_is_rendered_as_an_error(self, code: Code, unified: bool) -> None:
        kind = next(kind for kind in KINDS if code in kind.allowed)
        sent = request(**({UNIFIED: "true"} if unified else {}))
        for faults in ((), (Fault(("orderLines", 0, "sku"), "is required"), Fault((), "must be an object"))):
            reply = refuse(kind(code, "something is wrong", faults=faults), sent)
            assert reply.status == ERRORS[code][0]
            body = httpx.Response(reply.status, content=reply.body).json()
            errors = body["errors"] if isinstance(body, dict) else body
            assert len(errors) == (1 if reply.status == 401 else max(1, len(faults)))
            assert {each["errorCode"] for each in errors} == {ERRORS[code][1]}

    def test_a_bug_is_rendered_with_a_reference_to_the_log(self) -> None:
        reply = refuse(None, request())
        assert reply.status == 500
        assert httpx.Response(500, content=reply.body).json() == [
            {
                "errorCode": "1000005", "message": "Internal server error.", "additionalInfo": "reference: r1",
                "parameters": [],
            }
        ]  # fmt: skip

    async def test_an_unknown_path_is_a_404_and_an_unknown_method_a_405(self, client: VendorClient) -> None:
        lost = await client.http.get("/shippingservices/fulfillment/v1/nothing", headers=client.headers())
        wrong = await client.http.delete(ORDERS, headers=client.headers())
        assert (lost.status_code, lost.json()[0]["errorCode"]) == (404, "1000045")
        assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (405, "1000045")

    async def test_a_body_that_is_too_large_is_a_413(self, client: VendorClient) -> None:
        for end in ("", "/bulk"):
            response = await client.create(b" " * 1_048_577, path=ORDERS + end)
            assert (response.status_code, response.json()[0]["errorCode"]) == (413, "1000045")
