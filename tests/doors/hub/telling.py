"""What tests of the hub's endpoints and deliveries share."""

from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.notifications.receiver import Got
from tests.notifications.world import ALLOWED, eventually
from tests.world import World

ENDPOINTS = "/hub/v1/endpoints"
URL = "https://shop.example.com/hook"
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1yZWNlaXZlci0xMjM0NTY3ODk="
OTHER_SECRET = "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtdGhlLXJlY2VpdmVyLTEyMw=="
# Where a receiver of the test's own is called.
receiving = pytest.mark.parametrize("context", [ALLOWED], indirect=True)


async def ask(
    world: World, headers: dict[str, str], method: str, path: str, body: Any = None, expected: int = 200, **more: str
) -> Any:
    found = await world.http.request(
        method,
        ENDPOINTS + path,
        json=body,
        headers=headers | {name.replace("_", "-"): each for name, each in more.items()},
    )
    assert found.status_code == expected, found.text
    return found.json() if found.content else None


async def register(world: World, headers: dict[str, str], url: str = URL, /, **more: Any) -> dict[str, Any]:
    return await ask(world, headers, "POST", "", {"url": url, **more}, 201)  # type: ignore[no-any-return]


async def over(world: World, headers: dict[str, str], endpoint: str, count: int) -> list[dict[str, Any]]:
    """Wait until so many deliveries are over, and give them, oldest first."""

    async def are() -> bool:
        found = (await ask(world, headers, "GET", f"/{endpoint}/deliveries?limit=200"))["items"]
        return len(found) >= count and all(each["ended_at"] for each in found)

    await eventually(are)
    found = (await ask(world, headers, "GET", f"/{endpoint}/deliveries?limit=200"))["items"]
    return found[::-1]  # type: ignore[no-any-return]


def signed_by(secret: str, got: Got) -> bool:
    try:
        Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return False
    return True
