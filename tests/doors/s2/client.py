"""Requests of a client of the S2 door, the vendor's sample bodies, and a second organization."""

import json
import re
from pathlib import Path
from typing import Any

from crossdock import demo
from crossdock.doors import encode_json
from crossdock.flows import access, reference_data, tenants
from crossdock.flows.access import Caller
from tests.world import World

Headers = dict[str, str]
FOLDER = Path(__file__).parent
SAMPLE = (FOLDER / "create.request.json").read_bytes()
RESPONSE: dict[str, Any] = json.loads((FOLDER / "create.response.json").read_bytes())
ACCOUNT_ID = "1ac48942-405a-4841-a7d8-708f50dbe888"
PRODUCT_ID = "3775cc37-30e7-4579-a58e-c9adda6fa888"
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
OTHER_ORGANIZATION = "7b7e9a52-65a1-4a0e-8a5c-0b54c0a7d002"
UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z")


def sample(**changes: Any) -> dict[str, Any]:
    """Return the vendor's sample body with some members changed."""
    return json.loads(SAMPLE) | changes


def with_placeholders(actual: Any, expected: Any) -> Any:
    """Replace times and UUIDs by `<time>` and `<uuid>` where the expected response has these placeholders."""
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {name: with_placeholders(value, expected.get(name)) for name, value in actual.items()}
    if isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        return [with_placeholders(*pair) for pair in zip(actual, expected, strict=True)]
    pattern = {"<time>": TIME, "<uuid>": UUID}.get(expected) if isinstance(expected, str) else None
    return expected if pattern is not None and isinstance(actual, str) and pattern.fullmatch(actual) else actual


async def sign_in(world: World, *, email: str = demo.USER, password: str = demo.PASSWORD) -> dict[str, str]:
    """Sign in a user and return the authorization header."""
    response = await world.http.post("/login", json={"email": email, "password": password})
    assert response.status_code == 200, response.text
    return {"Authorization": f"Bearer {response.json()['accessToken']}"}


async def add_account(world: World, *, key: str, name: str, warehouse: str | None) -> None:
    """Add a sales account to the demo organization; S2 has no call for it."""
    caller = Caller(await world.demo_organization(), "test", frozenset({"admin"}))
    document = {"name": name, "type": "MARKETPLACE_GENERIC", "autoAssignOrdersToWarehouse": warehouse}
    await reference_data.add(
        world.context, caller, kind="s2/account", key=key, name=name, document=encode_json(document)
    )


async def add_second_organization(world: World, *, email: str) -> None:
    """Add the organization OTHER_ORGANIZATION with a member, who gets the demo password if they are new."""
    added = await tenants.add_organization(world.context, name="Second", uuid=OTHER_ORGANIZATION)
    await tenants.add_person(
        world.context, added.organization_id, email=email, name="Someone", password=demo.PASSWORD,
        scopes=" ".join(access.SCOPES),
    )  # fmt: skip
