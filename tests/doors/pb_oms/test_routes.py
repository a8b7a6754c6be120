"""Tokens, reading and errors of the Pitney Bowes OMS door."""

import re
import subprocess
from typing import Any

import httpx
import pytest

from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal
from crossdock.core.orders.status import Status
from crossdock.doors import Headers, Request
from crossdock.doors.pb_oms.demo import curl
from crossdock.doors.pb_oms.errors import STATUS_OF, refuse
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.mapping import STATUSES, format_id, parse_id
from tests.doors.pb_oms.test_create import ORDERS, SAMPLE, sample
from tests.world import World

KINDS: tuple[type[Refusal], ...] = (Invalid, NotFound, Denied, Conflict, Busy)
WORDS = {"validation_error", "unauthorized_error", "forbidden_error", "not_found", "invalid_state", "internal_error"}


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return await world.bearer()


def is_error(answer: httpx.Response, status: int, word: str) -> bool:
    """Say whether an answer is the bare error object of this door."""
    told = answer.json()
    return (
        answer.status_code == status
        and list(told) == ["errorCode", "message", "additionalInfo"]
        and told["errorCode"] == word
    )


class TestToken:
    @pytest.mark.parametrize("body", [b"", b'{"grant_type":"client_credentials"}', b"nonsense"])
    async def test_has_four_members_and_lives_four_hours(self, world: World, body: bytes) -> None:
        answer = await world.http.post("/auth/api/v1/token", content=body, auth=("demo", "demo-secret"))
        assert answer.status_code == 200
        told = answer.json()
        assert list(told) == ["access_token", "expires_in", "scope", "token_type"]
        assert (told["expires_in"], told["scope"], told["token_type"]) == (14400, "psapi", "Bearer")
        authorization = {"Authorization": f"Bearer {told['access_token']}"}
        assert (await world.http.post(ORDERS, content=SAMPLE, headers=authorization)).status_code == 200

    @pytest.mark.parametrize("auth", [("demo", "guess"), ("nobody", "demo-secret"), None])
    async def test_is_refused_without_the_secret(self, world: World, auth: tuple[str, str] | None) -> None:
        answer = await world.http.post("/auth/api/v1/token", auth=auth)
        assert is_error(answer, 401, "unauthorized_error")

    @pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic ZGVtbzpkZW1vLXNlY3JldA=="])
    async def test_is_wanted_by_every_other_call(self, world: World, header: str | None) -> None:
        headers = {} if header is None else {"Authorization": header}
        for method, path in (("POST", ORDERS), ("GET", f"{ORDERS}/PB1"), ("POST", "/shipping/api/v1/customsproduct")):
            assert is_error(await world.http.request(method, path, headers=headers), 401, "unauthorized_error")

    async def test_must_have_the_scope(self, world: World) -> None:
        headers = await world.bearer(scope="orders:read")
        assert is_error(await world.http.post(ORDERS, content=SAMPLE, headers=headers), 403, "forbidden_error")


class TestConflict:
    async def test_is_named_where_a_number_has_other_content(self, world: World, headers: dict[str, str]) -> None:
        await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        answer = await world.http.post(ORDERS, json=sample(metadata=[]), headers=headers)
        assert is_error(answer, 400, "validation_error")
        assert "orderNumber:" in answer.json()["additionalInfo"]

    async def test_does_not_reach_another_organization(self, world: World, headers: dict[str, str]) -> None:
        await world.http.post(ORDERS, content=SAMPLE, headers=headers)
        answer = await world.http.post(ORDERS, json=sample(metadata=[]), headers=await world.stranger())
        assert answer.status_code == 200


class TestRead:
    async def test_splits_the_order_in_two(self, world: World, headers: dict[str, str]) -> None:
        made = await world.http.post(ORDERS, json=sample(loyaltyPoints=3, status="FULFILLED"), headers=headers)
        read = (await world.http.get(f"/api/v1/orders/{made.json()['orderId']}", headers=headers)).json()
        assert list(read) == ["orderInfo", "orderShippingInfo"]
        info = read["orderInfo"]
        assert list(info)[:6] == ["orderId", "orderNumber", "status", "orderCreateDate", "sourceFlowType", "createdBy"]
        assert (info["status"], info["sourceFlowType"], info["createdBy"]) == ("UNFULFILLED", "API", "demo")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", info["orderCreateDate"])
        assert (info["tags"], info["loyaltyPoints"]) == ([], 3)
        assert set(read["orderShippingInfo"]) == {
            "fromAddress", "toAddress", "additionalAddresses", "shippingReference", "shippingPreferences",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "given",
        [
            [],
            [{"addressType": "BILLING", "address": {"name": "Only a name"}}],
            [{"addressType": "BILLING", "address": {"addressLine1": "1 Road", "addressLine3": "Door 3"}}],
            [{"addressType": "BILLING", "address": None}, {}],
            [{"address": {"cityTown": "Paris"}, "addressType": "RETURN"}, {"address": {}, "addressType": "BILLING"}],
            None,
        ],
    )
    async def test_gives_back_partial_addresses(self, world: World, headers: dict[str, str], given: Any) -> None:
        made = await world.http.post(ORDERS, json=sample(additionalAddresses=given), headers=headers)
        assert made.status_code == 200
        read = (await world.http.get(f"{ORDERS}/{made.json()['orderId']}", headers=headers)).json()
        assert read["orderShippingInfo"]["additionalAddresses"] == given

    @pytest.mark.parametrize("order_id", ["PB0000000001", "PB", "nothing", "ORA0000000000000000001US", "PBzzzzzzzzzzz"])
    async def test_does_not_find_what_is_not_there(self, world: World, headers: dict[str, str], order_id: str) -> None:
        answer = await world.http.get(f"{ORDERS}/{order_id}", headers=headers)
        assert is_error(answer, 404, "not_found")

    async def test_does_not_find_what_is_anothers(self, world: World, headers: dict[str, str]) -> None:
        order_id = (await world.http.post(ORDERS, content=SAMPLE, headers=headers)).json()["orderId"]
        answer = await world.http.get(f"{ORDERS}/{order_id}", headers=await world.stranger())
        assert is_error(answer, 404, "not_found")


def request() -> Request:
    rest: dict[str, Any] = dict.fromkeys(("context", "intake", "route"))
    return Request(
        **rest, method="POST", path=ORDERS, params={}, query_string=b"", headers=Headers([]), body=b"", request_id="r1"
    )


class TestErrors:
    @pytest.mark.parametrize("code", list(Code))
    def test_have_one_shape_for_every_code(self, code: Code) -> None:
        kind = next(kind for kind in KINDS if code in kind.allowed)
        faults = (Fault(("items", 0, "quantity"), "is required"), Fault((), "must be an object"))
        reply = refuse(kind(code, "something is wrong", faults=faults), request())
        told = httpx.Response(reply.status, content=reply.body)
        assert told.json()["errorCode"] in WORDS
        assert is_error(told, STATUS_OF[code], told.json()["errorCode"])
        assert told.json()["additionalInfo"] == "items[0].quantity: is required; body: must be an object"

    def test_refer_to_the_log_for_a_bug(self) -> None:
        reply = refuse(None, request())
        told = httpx.Response(reply.status, content=reply.body)
        assert is_error(told, 500, "internal_error")
        assert "r1" in told.json()["additionalInfo"]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"orderNumber":NaN}', b'{"a":1,"a":2}'])
    async def test_answer_any_body(self, world: World, headers: dict[str, str], body: bytes) -> None:
        answer = await world.http.post(ORDERS, content=body, headers=headers)
        assert is_error(answer, 400, "validation_error")
        assert answer.json()["additionalInfo"]

    async def test_answer_what_is_no_call(self, world: World, headers: dict[str, str]) -> None:
        assert is_error(await world.http.delete(ORDERS, headers=headers), 405, "validation_error")
        assert is_error(await world.http.get("/ordermanagement/api/v1/nothing", headers=headers), 404, "not_found")

    async def test_answer_a_body_too_large(self, world: World, headers: dict[str, str]) -> None:
        answer = await world.http.post(ORDERS, content=b" " * 1_048_577, headers=headers)
        assert is_error(answer, 413, "validation_error")


class TestWords:
    def test_exist_for_every_summary(self) -> None:
        assert set(STATUSES) == set(Status)
        assert set(STATUSES.values()) == {"UNFULFILLED", "FULFILLED", "ONHOLD", "CANCELED"}

    @pytest.mark.parametrize("identity", [1, 2**40, 2**63 - 1])
    def test_spell_an_id_reversibly(self, identity: int) -> None:
        assert re.fullmatch(r"PB[0-9A-Za-z]{10,11}", format_id(identity))
        assert parse_id(format_id(identity)) == identity

    def test_make_a_line_a_shell_takes(self) -> None:
        line = curl("http://127.0.0.1:8000")
        subprocess.run(["sh", "-n", "-c", line], check=True)
        assert FORMAT.parse(line.split(" -d '")[1].removesuffix("'").encode()).faults == ()
