"""Tokens, as the gateway in front of the service gives them."""

from urllib.parse import parse_qsl

from crossdock.core.errors import Code, Denied
from crossdock.doors import Reply, Request, basic_credentials, json_reply
from crossdock.doors.pb_fulfillment import wire
from crossdock.flows import access

TOKEN_LIFETIME_S = 35_999  # the vendor's token page: a second less than 10 h


async def token(request: Request) -> Reply:
    """Give a token for Basic credentials and the one grant there is."""
    form = dict(parse_qsl(request.body.decode("latin-1")))
    if form.get("grant_type") != "client_credentials":
        raise Denied(Code.BAD_CREDENTIALS, "grant_type must be client_credentials")
    name, secret = basic_credentials(request.headers) or ("", "")
    grant, _ = await access.grant(request.context, client_id=name, secret=secret, lifetime_s=TOKEN_LIFETIME_S)
    answer = wire.TokenAnswer(
        access_token=grant.token,
        tokenType="BearerToken",
        issuedAt=str(grant.issued_at // 1000),
        expiresIn=str(grant.lifetime_s),
        client_id=grant.subject,
        org="pitneybowes",
    )
    return json_reply(200, answer)
