"""The token call."""

from urllib.parse import parse_qsl

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.doors import Reply, Request, Route, basic_credentials, json_reply
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric.errors import ERRORS
from crossdock.flows import access

TOKEN_LIFETIME_S = 3_600  # the vendor's identity service does not say; an hour is what such services give


async def token(request: Request) -> Reply:
    """Give a token for client credentials, from a Basic header or from the form.

    Scopes of other makers ("s2s") are answered as asked and narrow nothing; ours narrow the token.
    """
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if form.get("grant_type") != "client_credentials":
        fault = Fault(("grant_type",), "must be client_credentials" if "grant_type" in form else "is required")
        raise Invalid(Code.INVALID, "the form has faults", faults=(fault,))
    named = basic_credentials(request.headers) or (form.get("client_id", ""), form.get("client_secret", ""))
    asked = form.get("scope", "")
    ours = " ".join(scope for scope in asked.split() if scope in access.SCOPES)
    grant, _ = await access.grant(
        request.context, client_id=named[0], secret=named[1], lifetime_s=TOKEN_LIFETIME_S, scope=ours or None
    )
    return json_reply(200, wire_calls.TokenAnswer("Bearer", grant.lifetime_s, grant.token, asked or grant.scopes))


ROUTES = (
    Route(
        "POST", ("/oauth2/{authServerId}/v1/token",), token, None, "getToken", "Get a token for a client id and secret",
        request=wire_calls.TokenRequest, request_media="application/x-www-form-urlencoded",
        answers={200: wire_calls.TokenAnswer, **ERRORS},
    ),
)  # fmt: skip
