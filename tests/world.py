"""What tests hold in their hands: the application over a real database, and tokens for whoever should ask."""

from typing import Any

import httpx

from crossdock import demo
from crossdock.flows import access, tenants
from crossdock.flows.context import Context
from crossdock.store.tenants import Organization

STRANGERS_UUID = "7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d001"
STRANGERS_FABRIC_ACCOUNT = "f" * 24


class World:
    """An open book, and an HTTP client to the application over it (`http://crossdock`)."""

    def __init__(self, context: Context, http: httpx.AsyncClient) -> None:
        self.context = context
        self.http = http

    async def bearer(
        self, *, client_id: str = demo.CLIENT_ID, secret: str = demo.CLIENT_SECRET, **rest: Any
    ) -> dict[str, str]:
        """Return the authorization header of a client, the demo one unless named; `scope` and `lifetime_s` may be given."""
        grant, _ = await access.grant(
            self.context, client_id=client_id, secret=secret, lifetime_s=rest.pop("lifetime_s", 3600), **rest
        )
        return {"Authorization": f"Bearer {grant.token}"}

    async def demo_organization(self) -> Organization:
        """Return the demo organization."""
        return await demo.ensure(self.context, [])

    async def stranger(self) -> dict[str, str]:
        """Make another organization with a client that has every scope, and return its authorization header."""
        made = await tenants.add_organization(self.context, name="Other", uuid=STRANGERS_UUID)
        # The same Fulfillment client id as the victim's: ids vendors give are only unique within an organization.
        for kind, value in (("fabric_account", STRANGERS_FABRIC_ACCOUNT), ("pb_fulfillment_client", "1234")):
            await tenants.add_vendor_reference(self.context, made.organization_id, kind=kind, value=value)
        client, secret = await tenants.add_client(
            self.context, made.organization_id, name="Other", scopes=" ".join(access.SCOPES)
        )
        return await self.bearer(client_id=client.client_id, secret=secret)
