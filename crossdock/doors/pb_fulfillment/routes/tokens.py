"""Tokens, in the format of the gateway in front of the vendor's service."""

from urllib.parse import parse_qsl

from crossdock.core.errors import Code, Denied
from crossdock.doors import Reply, Request, basic_credentials, json_reply
from crossdock.doors.pb_fulfillment import wire_answers
from crossdock.flows import access

TOKEN_LIFETIME_S = 35_999  # the vendor's token page: a second less than 10 h


async def create_token(request: Request) -> Reply:
    """Issue a token for Basic credentials."""
    form = dict(parse_qsl(request.body.decode("latin-1")))
    if form.get("grant_type") != "client_credentials":
        raise Denied(Code.BAD_CREDENTIALS, "grant_type must be client_credentials")
    client_id, secret = basic_credentials(request.headers) or ("", "")
    grant, _ = await access.grant(
        request.context, client_id=client_id, secret=secret, lifetime_s=TOKEN_LIFETIME_S, address=request.address
    )
    token = wire_answers.Token(
        access_token=grant.token,
        tokenType="BearerToken",
        issuedAt=str(grant.issued_at // 1000),
        expiresIn=str(grant.lifetime_s),
        client_id=grant.subject,
        org="pitneybowes",
    )
    return json_reply(200, token)
