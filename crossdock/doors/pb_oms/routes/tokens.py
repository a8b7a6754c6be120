"""The token call."""

from crossdock.doors import Reply, Request, basic_credentials, json_reply
from crossdock.doors.pb_oms import wire_calls
from crossdock.flows import access

TOKEN_LIFETIME_S = 14_400  # the vendor's token page: 4 h


async def get_token(request: Request) -> Reply:
    """Issue a token for Basic credentials; the body is optional, and ignored as at the vendor."""
    client_id, secret = basic_credentials(request.headers) or ("", "")
    grant, _ = await access.grant(
        request.context, client_id=client_id, secret=secret, lifetime_s=TOKEN_LIFETIME_S, address=request.address
    )
    return json_reply(200, wire_calls.TokenResponse(grant.token, grant.lifetime_s, "psapi", "Bearer"))
