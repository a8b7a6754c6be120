"""Endpoints over HTTP: made, changed and removed, and their secrets kept."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crossdock.core.retry_policy import SECOND_US
from crossdock.core.subscription import MAIL_ENDPOINT
from crossdock.doors.hub.mapping import format_id
from crossdock.doors.hub.routes.parameters import microseconds
from crossdock.web import logs
from tests.doors.hub.conftest import create, parameters, pointers, smallest
from tests.doors.hub.telling import ENDPOINTS, OTHER_SECRET, SECRET, URL, ask, over, receiving, register, signed_by
from tests.notifications.receiver import Receiver, answer
from tests.notifications.world import working
from tests.web.test_asgi import Lines
from tests.world import World


class TestMaking:
    async def test_answers_the_endpoint_with_its_address_and_version(
        self, world: World, headers: dict[str, str]
    ) -> None:
        body = {
            "url": URL, "name": "Shop", "types": ["order.held", "order.re*"], "doors": ["s2"], "statuses": ["on_hold"],
            "format": "cloudevents", "headers": {"X-Key": "k-1"},
        }  # fmt: skip
        made = await world.http.post(ENDPOINTS, json=body, headers=headers)
        assert made.status_code == 201
        found = made.json()
        assert {name: found[name] for name in body} == body | {"headers": ["X-Key"]}
        assert (found["enabled"], found["disabled_reason"], found["warning"], found["version"]) == (True, None, None, 1)
        assert found["health"] == {"failures": 0, "failing_since": None, "rests_until": None}
        assert made.headers["location"] == f"{ENDPOINTS}/{found['id']}"
        assert made.headers["etag"] == '"1"'
        (secret,) = found["secrets"]
        displayed = await world.http.get(made.headers["location"], headers=headers)
        assert displayed.json() == found | {"secrets": [{name: secret[name] for name in ("until", "public_key")}]}
        assert displayed.headers["etag"] == '"1"'

    async def test_begins_now_or_at_the_beginning(self, world: World, headers: dict[str, str]) -> None:
        await create(world, headers, smallest())
        assert (await register(world, headers))["position"] == 1
        assert (await register(world, headers, start="beginning"))["position"] == 0

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "/url"),
            ({"url": "ftp://example.com"}, "/url"),
            ({"url": "https://user:word@example.com"}, "/url"),
            ({"url": "http://127.0.0.1/"}, "/url"),
            ({"url": "https://example.com/" + "x" * 2_000}, "/url"),
            ({"url": 1}, "/url"),
            ({"name": " x"}, "/name"),
            ({"types": ["order.held", "order.lost"]}, "/types/1"),
            ({"types": ["lost.*"]}, "/types/0"),
            ({"types": "order.held"}, "/types"),
            ({"types": ["order.held"] * 101}, "/types"),
            ({"doors": ["s2", "s3"]}, "/doors/1"),
            ({"statuses": ["lost"]}, "/statuses/0"),
            ({"format": "xml"}, "/format"),
            ({"headers": {"webhook-id": "x"}}, "/headers"),
            ({"headers": {"X Y": "x"}}, "/headers"),
            ({"headers": {"X-Key": "a\nb"}}, "/headers"),
            ({"headers": {"X-Key": 1}}, "/headers/X-Key"),
            ({"secret": "hunter2"}, "/secret"),
            ({"secret": ""}, "/secret"),
            ({"secret_kind": "rsa"}, "/secret_kind"),
            ({"start": "yesterday"}, "/start"),
            ({"topics": ["order.held"]}, "/topics"),
        ],
    )
    async def test_names_each_fault(
        self, world: World, headers: dict[str, str], body: dict[str, Any], pointer: str
    ) -> None:
        whole = body if body == {} else {"url": URL} | body
        found = await world.http.post(ENDPOINTS, json=whole, headers=headers)
        assert (found.status_code, pointers(found)) == (422, [pointer])
        assert (await ask(world, headers, "GET", ""))["items"] == []

    async def test_names_all_faults_at_once(self, world: World, headers: dict[str, str]) -> None:
        body = {"url": "x", "types": ["x", "order.held", "y"], "doors": ["x"], "statuses": ["x"], "format": "event",
                "headers": {"Host": "x"}, "secret": "x"}  # fmt: skip
        found = pointers(await world.http.post(ENDPOINTS, json=body, headers=headers))
        assert set(found) == {"/url", "/types/0", "/types/2", "/doors/0", "/statuses/0", "/headers", "/secret"}

    @pytest.mark.parametrize("context", [{"endpoints_most": 2}], indirect=True)
    async def test_ends_at_the_limit_until_one_is_removed(self, world: World, headers: dict[str, str]) -> None:
        made = [await register(world, headers) for _ in range(2)]
        refused = await ask(world, headers, "POST", "", {"url": URL}, 409)
        assert refused["code"] == "exists"
        await ask(world, headers, "DELETE", f"/{made[0]['id']}", expected=204)
        await register(world, headers)


class TestSecrets:
    async def test_are_shown_once(self, world: World, headers: dict[str, str]) -> None:
        made = await register(world, headers)
        secret = made["secrets"][0]["secret"]
        assert secret.startswith("whsec_")
        for answered in (
            await ask(world, headers, "GET", f"/{made['id']}"),
            await ask(world, headers, "GET", ""),
            await ask(world, headers, "PATCH", f"/{made['id']}", {"name": "x"}),
            await ask(world, headers, "POST", f"/{made['id']}/rotate", {}),
            await ask(world, headers, "POST", f"/{made['id']}/test", expected=202),
        ):
            assert secret not in json.dumps(answered)

    async def test_of_ed25519_are_shown_once_and_their_public_key_always(
        self, world: World, headers: dict[str, str]
    ) -> None:
        made = await register(world, headers, secret_kind="ed25519")
        (secret,) = made["secrets"]
        assert (secret["secret"][:5], secret["public_key"][:5]) == ("whsk_", "whpk_")
        (displayed,) = (await ask(world, headers, "GET", f"/{made['id']}"))["secrets"]
        assert displayed == {"until": None, "public_key": secret["public_key"]}

    async def test_and_headers_are_in_no_error(self, world: World, headers: dict[str, str]) -> None:
        body = {"url": "x", "secret": "whsec_hunter2", "headers": {"X-Key": "k-hunter3\n"}}
        refused = await ask(world, headers, "POST", "", body, 422)
        assert "hunter" not in json.dumps(refused)
        made = await register(world, headers, headers={"X-Key": "k-hunter3"})
        refused = await ask(world, headers, "POST", f"/{made['id']}/rotate", {"secret": "whsec_hunter2"}, 422)
        assert [each["pointer"] for each in refused["errors"]] == ["/secret"]
        assert "hunter" not in json.dumps(refused)
        assert "hunter" not in json.dumps(await ask(world, headers, "GET", f"/{made['id']}"))

    @receiving
    async def test_and_headers_are_in_no_log(self, world: World, headers: dict[str, str], logged: Lines) -> None:
        async with Receiver() as receiver, working(world.context):
            receiver.script(answer(500))
            made = await register(world, headers, receiver.url, secret=SECRET, headers={"X-Key": "k-hunter3"})
            await ask(world, headers, "POST", f"/{made['id']}/rotate", {"secret": OTHER_SECRET})
            await create(world, headers, smallest())
            (got,) = await receiver.wait_for(1)
        assert got.headers["x-key"] == "k-hunter3"
        for secret in (SECRET, OTHER_SECRET, "hunter", receiver.url):
            assert secret.removeprefix("whsec_") not in logged.text
        assert "createEndpoint" in logged.text


@pytest.fixture
def logged() -> Iterator[Lines]:
    """Return what is logged, all of it."""
    with pytest.MonkeyPatch.context() as patch:
        lines = Lines(patch)
        lines.configure("debug")
        yield lines
    logs.configure("critical")


class TestRotation:
    @receiving
    async def test_lets_both_secrets_sign_until_the_old_one_ends(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await register(world, headers, receiver.url)
            old = made["secrets"][0]["secret"]
            rotated = await ask(world, headers, "POST", f"/{made['id']}/rotate")
            new, kept = rotated["secrets"]
            assert (new["until"], "secret" in kept, rotated["version"]) == (None, False, 2)
            await create(world, headers, smallest())
            (both,) = await receiver.wait_for(1)
            assert len(both.headers["webhook-signature"].split()) == 2
            assert (signed_by(old, both), signed_by(new["secret"], both)) == (True, True)
            await over(world, headers, made["id"], 1)

            end, real = microseconds(kept["until"]), world.context.clock
            assert 0 < end - real() <= world.context.settings.webhook_rotation_s * SECOND_US
            lasting = await world.bearer(lifetime_s=200_000)
            monkeypatch.setattr(world.context, "clock", lambda: max(end, real()))
            await ask(world, lasting, "POST", f"/{made['id']}/test", expected=202)
            _, one = await receiver.wait_for(2)
        assert len(one.headers["webhook-signature"].split()) == 1

    async def test_takes_a_secret_of_the_receivers_own(self, world: World, headers: dict[str, str]) -> None:
        made = await register(world, headers)
        rotated = await ask(world, headers, "POST", f"/{made['id']}/rotate", {"secret": SECRET})
        assert rotated["secrets"][0]["secret"] == SECRET

    async def test_lets_the_oldest_end_where_it_is_done_again_and_again(
        self, world: World, headers: dict[str, str]
    ) -> None:
        made = await register(world, headers)
        for _ in range(5):
            made = await ask(world, headers, "POST", f"/{made['id']}/rotate")
        assert [each["until"] is None for each in made["secrets"]] == [True, False, False, False]


class TestChanging:
    async def test_changes_what_is_given_and_nothing_else(self, world: World, headers: dict[str, str]) -> None:
        made = await register(world, headers, types=["order.held"], headers={"X-Key": "k"})
        changed = await ask(world, headers, "PATCH", f"/{made['id']}", {"types": [], "name": "Shop"})
        for name in set(made) - {"version", "updated_at", "secrets", "types", "name"}:
            assert changed[name] == made[name], name
        assert (changed["types"], changed["name"], changed["version"]) == ([], "Shop", 2)

    async def test_is_guarded_by_the_version(self, world: World, headers: dict[str, str]) -> None:
        made = await register(world, headers)
        path = f"/{made['id']}"
        await ask(world, headers, "PATCH", path, {"name": "A"}, If_Match='"1"')
        stale = await ask(world, headers, "PATCH", path, {"name": "B"}, 412, If_Match='"1"')
        assert stale["code"] == "stale_version"
        assert (await ask(world, headers, "GET", path))["name"] == "A"
        again = await world.http.patch(ENDPOINTS + path, json={"name": "C"}, headers=headers | {"If-Match": '"1", "2"'})
        assert (again.status_code, again.headers["etag"]) == (200, '"3"')
        await ask(world, headers, "PATCH", path, {"name": "D"}, If_Match="*")
        odd = await world.http.patch(ENDPOINTS + path, json={"name": "E"}, headers=headers | {"If-Match": "4"})
        assert parameters(odd) == ["If-Match"]

    async def test_to_the_same_is_no_change(self, world: World, headers: dict[str, str]) -> None:
        made = await register(world, headers, name="Shop")
        same = await ask(world, headers, "PATCH", f"/{made['id']}", {"name": "Shop", "enabled": True})
        assert (same["version"], same["updated_at"]) == (1, made["updated_at"])

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [({"url": "x"}, "/url"), ({"types": ["x"]}, "/types/0"), ({"secret": SECRET}, "/secret"), ({"enabled": 1}, "/enabled"),
         ({"headers": {"Host": "x"}}, "/headers"), ({"format": "x"}, "/format"), ({"doors": ["x"]}, "/doors/0")],
    )  # fmt: skip
    async def test_names_each_fault(
        self, world: World, headers: dict[str, str], body: dict[str, Any], pointer: str
    ) -> None:
        made = await register(world, headers)
        found = await world.http.patch(f"{ENDPOINTS}/{made['id']}", json=body, headers=headers)
        assert (found.status_code, pointers(found)) == (422, [pointer])

    @receiving
    async def test_to_disabled_stops_it_and_to_enabled_lets_it_go_on(
        self, world: World, headers: dict[str, str]
    ) -> None:
        async with Receiver() as receiver, working(world.context):
            made = await register(world, headers, receiver.url)
            await create(world, headers, smallest("H-1"))
            await over(world, headers, made["id"], 1)
            stopped = await ask(world, headers, "PATCH", f"/{made['id']}", {"enabled": False})
            assert (stopped["enabled"], stopped["disabled_reason"]) == (False, "by request")
            assert stopped["warning"] == "nothing is sent: by request"
            await create(world, headers, smallest("H-2"))
            await create(world, headers, smallest("H-3"))
            assert len((await ask(world, headers, "GET", f"/{made['id']}/deliveries"))["items"]) == 1
            again = await ask(world, headers, "PATCH", f"/{made['id']}", {"enabled": True})
            assert (again["enabled"], again["disabled_reason"], again["warning"]) == (True, None, None)
            await over(world, headers, made["id"], 3)
        assert [json.loads(each.body)["order"]["number"] for each in receiver.got] == ["H-1", "H-2", "H-3"]


class TestRemoving:
    async def test_leaves_nothing_to_be_asked_for(self, world: World, headers: dict[str, str]) -> None:
        made = await register(world, headers)
        kept = await register(world, headers)
        await ask(world, headers, "DELETE", f"/{made['id']}", expected=204)
        assert [each["id"] for each in (await ask(world, headers, "GET", ""))["items"]] == [kept["id"]]
        for method, path, body in CALLS:
            refused = await ask(world, headers, method, f"/{made['id']}{path}", body, 404)
            assert refused["code"] == "not_found"

    async def test_of_what_is_no_webhook_or_not_there_is_refused(self, world: World, headers: dict[str, str]) -> None:
        """Mails to customers are told through an endpoint too, which has no URL and no secret."""
        for unknown in (format_id(7), "x"):
            for method, path, body in CALLS:
                refused = await ask(world, headers, method, f"/{unknown}{path}", body, 404)
                assert refused["code"] == "not_found"
        for method, path, body in CALLS:
            if not path.startswith(("/deliveries", "/redeliver")):
                refused = await ask(world, headers, method, f"/{format_id(MAIL_ENDPOINT)}{path}", body, 404)
                assert refused["code"] == "not_found"


CALLS = (
    ("GET", "", None), ("PATCH", "", {"name": "x"}), ("PATCH", "", {"enabled": False}), ("POST", "/rotate", {}),
    ("POST", "/test", None), ("POST", "/redeliver", {"since": "2020-01-01T00:00:00Z"}), ("GET", "/deliveries", None),
    ("GET", f"/deliveries/{format_id(7)}", None), ("POST", f"/deliveries/{format_id(7)}/redeliver", None),
    ("DELETE", "", None),
)  # fmt: skip


class TestScope:
    async def test_is_that_of_administrators(self, world: World) -> None:
        reader = await world.bearer(scope="orders:read")
        found: httpx.Response = await world.http.get(ENDPOINTS, headers=reader)
        assert (found.status_code, found.json()["code"]) == (403, "no_scope")
