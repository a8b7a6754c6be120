"""The sign-in call."""

from typing import Any

from crossdock.core.json.request_body import decode_body
from crossdock.doors import Reply, Request, json_reply
from crossdock.doors.s2 import catalog, wire
from crossdock.flows import access
from crossdock.flows.tenants import Person

TOKEN_LIFETIME_S = 7 * 86_400  # the vendor's sign-in page: 7 days


async def login(request: Request) -> Reply:
    """Sign in a user with e-mail and password: issue a token and return it with the user."""
    body = decode_body(request.body, wire.Login)

    def claims(person: Person) -> dict[str, Any]:
        user = {"userId": catalog.format_id(person.person_id), "userVersion": person.token_version}
        return {"aud": "s2core", "iss": "s2core", **user}

    grant, person, memberships = await access.sign_in(
        request.context,
        email=body.email,
        password=body.password,
        lifetime_s=TOKEN_LIFETIME_S,
        claims=claims,
        address=request.address,
    )
    user = catalog.user_response(person, memberships)
    return json_reply(200, {"type": "SUCCESS", "accessToken": grant.token, "user": user})
