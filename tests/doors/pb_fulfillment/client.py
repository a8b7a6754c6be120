"""A client of the Pitney Bowes Fulfillment door, and the vendor's sample body."""

import json
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from crossdock import demo
from tests.world import World

FOLDER = Path(__file__).parent
SAMPLE = (FOLDER / "create.request.json").read_bytes()
BASE = "/shippingservices/fulfillment/v1"
ORDERS = f"{BASE}/orders"
TRANSACTION = "X-PB-TransactionId"
CLIENT_ID = "1234"


def sample(**changes: Any) -> dict[str, Any]:
    """Return the vendor's sample body with some members changed; None leaves a member out."""
    changed = json.loads(SAMPLE) | changes
    return {name: value for name, value in changed.items() if value is not None}


class VendorClient:
    """Sends requests as a client of the vendor would, each with a new transaction id."""

    def __init__(self, world: World, authorization: dict[str, str]) -> None:
        self.http = world.http
        self.authorization = authorization
        self._numbers = count(1)

    def headers(self, transaction: str | None = None, **more: str) -> dict[str, str]:
        return self.authorization | {TRANSACTION: transaction or f"call-{next(self._numbers)}"} | more

    async def create(self, body: Any, *, path: str = ORDERS, **rest: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(path, content=content, headers=self.headers(**rest))

    async def bulk(self, bodies: list[Any], **rest: Any) -> httpx.Response:
        return await self.create({"orders": bodies}, path=f"{ORDERS}/bulk", **rest)

    async def view(self, order_id: str, *, end: str = "", path: str = ORDERS, **query: str) -> httpx.Response:
        params = {"clientId": CLIENT_ID} | query
        return await self.http.get(f"{path}/{order_id}{end}", params=params, headers=self.headers())


async def demo_client(world: World) -> VendorClient:
    """Make a client of the demo organization, with a token from the door itself."""
    response = await world.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(demo.CLIENT_ID, demo.CLIENT_SECRET)
    )
    return VendorClient(world, {"Authorization": f"Bearer {response.json()['access_token']}"})


def parameters(response: httpx.Response) -> set[str]:
    """Return the parameters that the errors of a response name."""
    return {name for error in response.json() for name in error["parameters"]}
