"""Tokens, headers and errors of the Pitney Bowes Fulfillment door."""

import re
from typing import Any

import httpx
import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal
from crossdock.doors import Headers, Request
from crossdock.doors.pb_fulfillment import DOOR
from crossdock.doors.pb_fulfillment.errors import ERRORS, refuse
from tests.doors.pb_fulfillment.desk import ORDERS, SAMPLE, TRANSACTION, Desk, places
from tests.world import World

UNIFIED = "X-PB-UnifiedErrorStructure"
KINDS: tuple[type[Refusal], ...] = (Invalid, NotFound, Denied, Conflict, Busy)


async def ask_token(world: World, **rest: Any) -> httpx.Response:
    return await world.http.post(
        "/oauth/token", **({"data": {"grant_type": "client_credentials"}, "auth": ("demo", "demo-secret")} | rest)
    )


class TestToken:
    async def test_is_told_in_strings(self, world: World) -> None:
        answer = await ask_token(world)
        assert answer.status_code == 200
        told = answer.json()
        assert list(told) == ["access_token", "tokenType", "issuedAt", "expiresIn", "clientID", "org"]
        assert (told["tokenType"], told["expiresIn"], told["org"]) == ("BearerToken", "35999", "pitneybowes")
        assert told["clientID"] == "demo"
        assert re.fullmatch(r"\d{13}", told["issuedAt"])

    @pytest.mark.parametrize(
        "wrong",
        [
            {"auth": ("demo", "guess")},
            {"auth": None},
            {"data": {"grant_type": "password"}},
            {"data": {}},
            {"data": None, "content": b"\xff\xfe"},
        ],
    )
    async def test_is_refused_as_the_gateway_does(self, world: World, wrong: dict[str, Any]) -> None:
        answer = await ask_token(world, **wrong)
        assert answer.status_code == 401
        (error,) = answer.json()["errors"]
        assert list(error) == ["errorCode", "errorDescription"]
        assert error["errorCode"] == "PB-APIM-ERR-1002"


class TestHeaders:
    @pytest.mark.parametrize(("method", "end"), [("POST", ""), ("POST", "/bulk"), ("GET", "/X"), ("GET", "/X/status")])
    @pytest.mark.parametrize("sent", [None, "", "x" * 26, "a b", "a.b", "ä".encode("latin-1")])
    async def test_want_a_transaction_id(self, desk: Desk, method: str, end: str, sent: str | bytes | None) -> None:
        headers: dict[str, Any] = dict(desk.authorization)
        if sent is not None:
            headers[TRANSACTION] = sent
        answer = await desk.http.request(method, ORDERS + end, headers=headers)
        assert answer.status_code == 400
        assert [each["errorCode"] for each in answer.json()] == ["1000045"]
        assert places(answer) == {TRANSACTION}

    async def test_take_twenty_five_signs(self, desk: Desk) -> None:
        assert (await desk.create(SAMPLE, transaction="Az09-_" + "x" * 19)).status_code == 201

    async def test_are_looked_at_after_the_token(self, world: World, desk: Desk) -> None:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {UNIFIED: "true"}):
            answer = await world.http.post(ORDERS, content=SAMPLE, headers=headers)
            assert answer.status_code == 401
            assert answer.json() == {
                "errors": [{"errorCode": "PB-APIM-ERR-1002", "errorDescription": "Invalid Access Token"}]
            }

    async def test_may_not_reuse_the_transaction_of_a_change_for_a_read(self, desk: Desk) -> None:
        order_id = (await desk.create(SAMPLE, transaction="T1")).json()["orderId"]
        url = f"{ORDERS}/{order_id}?clientId=1234"
        refused = await desk.http.get(url, headers=desk.headers("T1"))
        assert (refused.status_code, places(refused)) == (400, {TRANSACTION})
        for _ in range(2):  # reads under one id may be repeated
            assert (await desk.http.get(url, headers=desk.headers("R1"))).status_code == 200

    async def test_choose_the_unified_errors(self, desk: Desk) -> None:
        for word, unified in (("true", True), ("TRUE", True), ("false", False)):
            answer = await desk.create(b"{}", **{UNIFIED: word})
            assert answer.status_code == 400
            if unified:
                assert list(answer.json()) == ["errors"]
                for each in answer.json()["errors"]:
                    assert list(each) == ["errorCode", "errorDescription", "additionalInfo", "parameters"]
            else:
                assert isinstance(answer.json(), list)

    async def test_want_the_scope(self, world: World) -> None:
        reader = Desk(world, await world.bearer(scope="orders:read"))
        answer = await reader.create(SAMPLE)
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "1000033")


def request(**headers: str) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    rest: dict[str, Any] = dict.fromkeys(("context", "intake", "route"))
    return Request(
        **rest, method="POST", path=ORDERS, params={}, query_string=b"", headers=Headers(raw), body=b"", request_id="r1"
    )


class TestErrors:
    @pytest.mark.parametrize("code", list(Code))
    @pytest.mark.parametrize("unified", [False, True])
    def test_have_a_shape_for_every_code(self, code: Code, unified: bool) -> None:
        kind = next(kind for kind in KINDS if code in kind.allowed)
        asked = request(**({UNIFIED: "true"} if unified else {}))
        for faults in ((), (Fault(("orderLines", 0, "sku"), "is required"), Fault((), "must be an object"))):
            reply = refuse(kind(code, "something is wrong", faults=faults), asked)
            assert reply.status == ERRORS[code][0]
            told = httpx.Response(reply.status, content=reply.body).json()
            errors = told["errors"] if isinstance(told, dict) else told
            assert len(errors) == (1 if reply.status == 401 else max(1, len(faults)))
            assert {each["errorCode"] for each in errors} == {ERRORS[code][1]}

    def test_refer_to_the_log_for_a_bug(self) -> None:
        reply = refuse(None, request())
        assert reply.status == 500
        assert httpx.Response(500, content=reply.body).json() == [
            {
                "errorCode": "1000005", "message": "Internal server error.", "additionalInfo": "reference: r1",
                "parameters": [],
            }
        ]  # fmt: skip

    async def test_say_that_there_is_no_such_path_or_method(self, desk: Desk) -> None:
        lost = await desk.http.get("/shippingservices/fulfillment/v1/nothing", headers=desk.headers())
        wrong = await desk.http.delete(ORDERS, headers=desk.headers())
        assert (lost.status_code, lost.json()[0]["errorCode"]) == (404, "1000045")
        assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (405, "1000045")

    async def test_say_that_a_body_is_too_large(self, desk: Desk) -> None:
        for end in ("", "/bulk"):
            answer = await desk.create(b" " * 1_048_577, path=ORDERS + end)
            assert (answer.status_code, answer.json()[0]["errorCode"]) == (413, "1000045")


class TestDoor:
    def test_gives_every_organization_a_client_id_of_its_own(self) -> None:
        (one,), (other,) = DOOR.seeds("A"), DOOR.seeds("B")
        assert one.kind == other.kind == "pb_fulfillment_client"
        assert one.key != other.key
