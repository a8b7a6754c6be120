"""Stored secrets are encrypted under the operator's keys, work as before, and survive the replacement of a key."""

from typing import Any

import pytest

from crossdock import app
from crossdock.core.subscription import SigningSecret, Subscription
from crossdock.flows import endpoints, installation
from crossdock.flows.access import SCOPES, Caller
from crossdock.flows.vault import UnknownKeyError, Vault
from crossdock.settings import load
from crossdock.store import deliveries, tenants
from tests.world import World

OLD, NEW = "o" * 32, "n" * 40
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
HEADER = "Bearer receivers-own-token"


class TestVault:
    def test_without_a_key_a_secret_is_stored_as_it_is(self) -> None:
        assert Vault(()).seal("secret") == "secret"
        assert Vault(()).open("secret") == "secret"

    def test_a_sealed_secret_shows_nothing_and_is_opened_by_its_key(self) -> None:
        sealed = Vault((OLD,)).seal("secret")
        assert "secret" not in sealed
        assert sealed != Vault((OLD,)).seal("secret")
        assert Vault((NEW, OLD)).open(sealed) == "secret"

    @pytest.mark.parametrize("keys", [(), (NEW,)])
    def test_without_its_key_it_is_not_opened(self, keys: tuple[str, ...]) -> None:
        with pytest.raises(UnknownKeyError, match="CROSSDOCK_ENCRYPTION_KEY"):
            Vault(keys).open(Vault((OLD,)).seal("secret"))

    def test_what_was_stored_before_there_was_a_key_is_read(self) -> None:
        assert Vault((OLD,)).open("secret") == "secret"


async def stored_bytes(world: World, caller: Caller) -> bytes:
    """Return what is stored of the endpoints and the installation."""
    async with world.context.store.reading() as tx:
        found = await deliveries.endpoints(tx, caller.organization_id)
        values = await tenants.find_installation_values(tx, ["token_key"])
    return b"".join(each.document for each in found) + repr(values).encode()


async def test_secrets_are_encrypted_by_a_command_and_the_key_can_be_replaced(world: World, database: str) -> None:
    caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
    subscription = Subscription(
        url="https://example.com/hook", headers=(("Authorization", HEADER),), secrets=(SigningSecret(SECRET),)
    )
    made = await endpoints.add(world.context, caller, subscription)
    token_key = world.context.access.key
    assert SECRET.encode() in await stored_bytes(world, caller)

    async def with_keys(*keys: str, act: Any = None) -> Subscription:
        async with app.open_context(load({}, database=database, encryption_key=" ".join(keys))) as context:
            assert context.access.key == token_key
            if act is not None:
                assert await act(context) == 2
            found = await endpoints.webhook(context, caller, endpoint_id=made.endpoint_id)
            return endpoints.subscription_of(context, found)

    assert await with_keys(OLD) == subscription  # before the command, what is stored in clear goes on working
    assert await with_keys(OLD, act=installation.encrypt) == subscription
    stored = await stored_bytes(world, caller)
    assert not [each for each in (SECRET, HEADER, token_key) if each.encode() in stored]
    assert await with_keys(NEW, OLD, act=installation.encrypt) == subscription
    assert await with_keys(NEW) == subscription
    with pytest.raises(ValueError, match="encrypted under a key that CROSSDOCK_ENCRYPTION_KEY does not have"):
        await with_keys(OLD)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("context", [{"encryption_key": NEW}], indirect=True)
async def test_a_change_that_changes_nothing_writes_nothing(world: World) -> None:
    caller = Caller(await world.demo_organization(), "demo", frozenset(SCOPES))
    made = await endpoints.add(world.context, caller, Subscription(url="https://example.com/hook"))
    assert b"sealed:" in made.document
    again = await endpoints.change(
        world.context, caller, endpoint_id=made.endpoint_id, changed=lambda subscription: subscription
    )
    assert again == made


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_without_a_key_the_command_says_so(world: World) -> None:
    with pytest.raises(ValueError, match="CROSSDOCK_ENCRYPTION_KEY is not set"):
        await installation.encrypt(world.context)
