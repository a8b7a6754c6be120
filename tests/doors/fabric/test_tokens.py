"""Access to the fabric door: tokens, the x-site-context header, and the accounts of organizations."""

import json
from typing import Any

import pytest

from crossdock.core.errors import Busy, Code, Invalid
from crossdock.doors import Headers, Request
from crossdock.doors.fabric import DOOR
from crossdock.doors.fabric.demo import DEMO_ACCOUNT
from crossdock.flows import tenants
from tests.doors.fabric.conftest import ORDERS, SMALLEST
from tests.notifications.world import caller_of
from tests.world import World

TOKEN = "/oauth2/aus1q2w3e4r/v1/token"
FORM = {"grant_type": "client_credentials", "client_id": "demo", "client_secret": "demo-secret"}


class TestToken:
    async def test_a_token_is_issued_by_form_and_by_basic_header_and_is_valid(self, world: World) -> None:
        by_form = await world.http.post(TOKEN, data=FORM)
        by_basic = await world.http.post(
            TOKEN, data={"grant_type": "client_credentials", "scope": "s2s"}, auth=("demo", "demo-secret")
        )
        for answer, scope in ((by_form, "orders:read orders:write admin"), (by_basic, "s2s")):
            assert answer.status_code == 200
            assert list(answer.json()) == ["token_type", "expires_in", "access_token", "scope"]
            body = answer.json()
            assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, scope)
            headers = {
                "Authorization": f"Bearer {body['access_token']}",
                "x-site-context": json.dumps({"account": DEMO_ACCOUNT}),
            }
            assert (await world.http.post(ORDERS, json=SMALLEST, headers=headers)).status_code == 200

    async def test_a_scope_of_crossdock_restricts_the_token(self, world: World) -> None:
        answer = await world.http.post(TOKEN, data=FORM | {"scope": "orders:read"})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}", **context()}
        assert (await world.http.get(ORDERS, headers=headers)).status_code == 200
        refused = await world.http.post(ORDERS, json=SMALLEST, headers=headers)
        assert refused.status_code == 403
        assert refused.json() == {"message": "The token lacks the scope orders:write"}

    @pytest.mark.parametrize(
        "form",
        [
            FORM | {"client_secret": "wrong"},
            FORM | {"client_id": "\x00"},
            FORM | {"client_secret": "\x00é"},
            FORM | {"client_id": "nobody"},
            {"grant_type": "client_credentials"},
        ],
    )
    async def test_a_token_is_refused_for_bad_credentials(self, world: World, form: dict[str, str]) -> None:
        answer = await world.http.post(TOKEN, data=form)
        assert answer.status_code == 401
        assert answer.json() == token_error("invalid_client", "The client id or secret is wrong")
        assert answer.headers["www-authenticate"] == 'Basic realm="Crossdock"'

    async def test_a_token_request_without_the_grant_type_is_refused(self, world: World) -> None:
        answer = await world.http.post(TOKEN, data={"client_id": "demo", "client_secret": "demo-secret"})
        assert (answer.status_code, answer.json()) == (400, token_error("invalid_request", "grant_type: is required"))
        answer = await world.http.post(TOKEN, data=FORM | {"grant_type": "password"})
        assert (answer.status_code, answer.json()) == (
            400, token_error("unsupported_grant_type", "grant_type: must be client_credentials"),
        )  # fmt: skip
        assert "www-authenticate" not in answer.headers

    async def test_a_scope_that_the_client_lacks_is_refused_as_invalid(self, world: World) -> None:
        caller = await caller_of(world)
        _, secret = await tenants.add_client(
            world.context, caller.organization_id, client_id="reader", name="Reader", scopes="orders:read"
        )
        form = {"grant_type": "client_credentials", "client_id": "reader", "client_secret": secret, "scope": "admin"}
        answer = await world.http.post(TOKEN, data=form)
        assert (answer.status_code, answer.json()) == (
            400, token_error("invalid_scope", "The client has only the scopes orders:read"),
        )  # fmt: skip

    async def test_neither_a_token_nor_its_refusal_is_cached(self, world: World) -> None:
        for form in (FORM, {}):
            answer = await world.http.post(TOKEN, data=form)
            assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")

    def test_the_description_of_an_error_has_only_the_characters_that_oauth_allows(self) -> None:
        request = Request(
            context=None, intake=None, route=next(route for route in DOOR.routes if route.operation == "getToken"),  # type: ignore[arg-type]
            method="POST", path=TOKEN, params={}, query_string=b"", headers=Headers([]), body=b"", request_id="f00d",
        )  # fmt: skip
        reply = DOOR.refuse(Invalid(Code.INVALID, 'a "b" \\ é\n'), request)
        assert json.loads(reply.body)["error_description"] == "A 'b' ' ''"
        assert json.loads(DOOR.refuse(None, request).body)["error"] == "server_error"
        busy = DOOR.refuse(Busy(Code.TOO_MANY_ATTEMPTS, "too many wrong secrets", retry_after_s=30), request)
        assert (busy.status, json.loads(busy.body)["error"]) == (429, "temporarily_unavailable")
        assert ("Retry-After", "30") in busy.headers


def token_error(error: str, message: str) -> dict[str, str]:
    return {"message": message, "error": error, "error_description": message}


class TestChallenge:
    """HTTP requires a challenge with every 401 (RFC 9110 15.5.2); the codes are those of RFC 6750 3.1."""

    async def test_a_401_and_a_missing_scope_name_the_bearer_token(self, world: World) -> None:
        answer = await world.http.get(ORDERS, headers=context())
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Crossdock"')
        answer = await world.http.get(ORDERS, headers=context() | {"Authorization": "Bearer x"})
        assert answer.headers["www-authenticate"] == 'Bearer realm="Crossdock", error="invalid_token"'
        reading = (await world.http.post(TOKEN, data=FORM | {"scope": "orders:read"})).json()["access_token"]
        answer = await world.http.post(ORDERS, headers=context() | {"Authorization": f"Bearer {reading}"})
        assert answer.status_code == 403
        assert answer.headers["www-authenticate"] == (
            'Bearer realm="Crossdock", error="insufficient_scope", scope="orders:write"'
        )

    async def test_a_token_without_the_word_bearer_is_refused_with_what_is_missing(self, world: World) -> None:
        token = (await world.http.post(TOKEN, data=FORM)).json()["access_token"]
        answer = await world.http.get(ORDERS, headers=context() | {"Authorization": token})
        assert (answer.status_code, answer.json()) == (
            401, {"message": "The Authorization header must be the word Bearer, a space, and a token"},
        )  # fmt: skip


def context(**members: Any) -> dict[str, str]:
    return {"x-site-context": json.dumps({"account": DEMO_ACCOUNT} | members)}


class TestSiteContext:
    @pytest.mark.parametrize(
        "members",
        [
            {},
            {"channel": 12},
            {"channel": "12"},
            {"channel": None},
            {"stage": "sandbox", "date": "2023-01-01T00:00:00.000Z", "other": [1]},
        ],
    )
    async def test_a_valid_site_context_is_accepted(self, world: World, members: dict[str, Any]) -> None:
        answer = await world.http.post(ORDERS, json=SMALLEST, headers=await world.bearer() | context(**members))
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "text",
        [
            "account,{account},channel,12",
            "channel,12, account,{account}",
            "account={account},channel=12,stage=production",
            "date,2023-01-01T00:00:00.000Z,account,{account}",
        ],
    )
    async def test_a_site_context_in_openapis_simple_style_is_accepted(self, world: World, text: str) -> None:
        headers = await world.bearer() | {"x-site-context": text.format(account=DEMO_ACCOUNT)}
        assert (await world.http.get(ORDERS, headers=headers)).status_code == 200
        foreign = headers | {"x-site-context": text.format(account="1234abcd5678efgh9ijklmno")}
        assert (await world.http.get(ORDERS, headers=foreign)).status_code == 403

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (None, "is required"),
            ("account,,channel,12", "must have the member account, a string that is not empty"),
            ("channel,12", "must have the member account, a string that is not empty"),
            ("account,1,channel", "must be the text of a JSON object"),
            ("{'account':'1'}", "must be the text of a JSON object"),
            ("", "must be the text of a JSON object"),
            ("account", "must be the text of a JSON object"),
            ('["account"]', "must be the text of a JSON object"),
            ('"x"', "must be the text of a JSON object"),
            ("[" * 5000, "must be the text of a JSON object"),
            ("{}", "must have the member account, a string that is not empty"),
            ('{"account":12}', "must have the member account, a string that is not empty"),
            ('{"account":""}', "must have the member account, a string that is not empty"),
            ('{"account":"x","channel":true}', "must have a number or a string as channel, if any"),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_an_invalid_site_context_is_refused(
        self, world: World, text: str | None, reason: str, method: str
    ) -> None:
        headers = await world.bearer() | ({} if text is None else {"x-site-context": text})
        answer = await world.http.request(method, ORDERS, json=SMALLEST, headers=headers)
        assert (answer.status_code, answer.json()) == (400, {"message": f"x-site-context: {reason}"})

    @pytest.mark.parametrize("account", ["1234abcd5678efgh9ijklmno", "é", "\ud83d\ude00"])
    async def test_a_site_context_of_another_account_is_refused_with_403(self, world: World, account: str) -> None:
        headers = await world.bearer() | context(account=account)
        answer = await world.http.post(ORDERS, json=SMALLEST, headers=headers)
        assert answer.status_code == 403
        assert answer.json() == {"message": "The account in x-site-context is not this organization's"}

    async def test_a_site_context_does_not_give_another_organization_access(self, world: World) -> None:
        answer = await world.http.get(ORDERS, headers=await world.stranger() | context())
        assert answer.status_code == 403

    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}])
    async def test_the_token_is_checked_before_the_site_context(self, world: World, headers: dict[str, str]) -> None:
        for extra in ({}, context()):
            answer = await world.http.post(ORDERS, json=SMALLEST, headers=headers | extra)
            assert answer.status_code == 401
            assert list(answer.json()) == ["message"]


class TestSeeds:
    def test_each_organization_has_its_own_account(self) -> None:
        (one,), (other,) = DOOR.seeds("A"), DOOR.seeds("B")
        assert one.kind == "fabric_account"
        assert len(one.key) == 24
        assert one.key != other.key

    def test_the_demo_command_has_the_paths_and_the_account(self) -> None:
        assert DOOR.demo_curl is not None
        line = DOOR.demo_curl("http://localhost:8000")
        assert "\n" not in line
        for part in (
            "http://localhost:8000/oauth2/default/v1/token",
            "http://localhost:8000/api/v2/order/",
            DEMO_ACCOUNT,
        ):
            assert part in line
