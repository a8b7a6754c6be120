"""Client ids for the demo organization and for new ones, and a curl command that creates an order."""

import re
import secrets

from crossdock.doors import OrganizationId, Seed
from crossdock.doors.pb_fulfillment.mapping import CLIENT

_CLIENT = re.compile(r"[A-Za-z0-9._-]{1,100}")  # the vendor's are numbers, as far as its pages show
_CLIENT_ID = "1234"  # of the vendor's sample body, which then works unchanged
_BODY = (
    f'{{"clientId":"{_CLIENT_ID}","clientOrderId":"DEMO-1","inputShippingDetails":{{"carrier":"PITNEY BOWES"}},'
    '"createDate":"2026-01-30T10:53:24Z","orderLines":[{"lineId":1,"sku":"0001-0001","orderedQuantity":2,'
    '"unitPrice":25}],"toAddress":{"name":"John Smith","addressLines":["2352 Bent Creek Rd"],"cityTown":"Auburn",'
    '"stateProvince":"AL","postalCode":"36830","countryCode":"US"}}'
)

DEMO_SEEDS = (Seed(CLIENT, _CLIENT_ID),)


def _parse_client(text: str) -> str:
    if not _CLIENT.fullmatch(text):
        raise ValueError(f"a Fulfillment client id has 1 to 100 digits or letters, such as 1234567890, not {text!r}")
    return text


ORGANIZATION_IDS = (
    OrganizationId(
        "pb-fulfillment-client", CLIENT, "clientId that Fulfillment clients send in their orders.", _parse_client
    ),
)


def seeds(_organization_name: str) -> tuple[Seed, ...]:
    """Make a new organization's client id: ten digits, like those the vendor issues with an account."""
    return (Seed(CLIENT, str(10**9 + secrets.randbelow(9 * 10**9))),)


def curl(base: str) -> str:
    """Render a shell command that gets a token and creates an order at the server `base`."""
    token = (
        f"curl -s -X POST -u demo:demo-secret {base}/oauth/token -d grant_type=client_credentials"
        ' | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\''
    )
    return (
        f'curl -s -w "\\n" -X POST {base}/shippingservices/fulfillment/v1/orders -H "Authorization: Bearer $({token})"'
        f" -H \"X-PB-TransactionId: demo-$(date +%s)\" -d '{_BODY}'"
    )
