"""Demo data: the account of the demo and of new organizations, and a curl command that creates an order."""

import re
import secrets

from crossdock.doors import OrganizationId, Seed

ACCOUNT = "fabric_account"
DEMO_ACCOUNT = "62272e917b12209e68751d94"
DEMO_SEEDS = (Seed(ACCOUNT, DEMO_ACCOUNT),)
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,100}")  # the vendor's have 24 letters and digits, as far as its pages show
_BODY = (
    '{"orderNumber":"DEMO-1","channelId":"12","statusCode":"ORDER_CREATED","currency":"USD","orderTotal":50,'
    '"customer":{"name":{"first":"Jane","last":"Smith"},"email":"jane@example.com"},'
    '"items":[{"lineItemId":"1","lineItemNumber":1,"itemId":"20000000","sku":"SKU12345","title":"Wireless mouse",'
    '"shipToId":"1","orderedQuantity":2,"itemUnitPrice":25}],"shipInfo":[{"shipToId":"1","shipToAddress":'
    '{"address1":"123 Pine Street","city":"Seattle","state":"WA","country":"USA","postalCode":"98101"}}]}'
)


def _parse_account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise ValueError(f"a fabric account has 1 to 100 letters and digits, such as {DEMO_ACCOUNT}, not {text!r}")
    return text


ORGANIZATION_IDS = (
    OrganizationId("fabric-account", ACCOUNT, "Account that fabric clients send in x-site-context.", _parse_account),
)


def seeds(organization_name: str) -> tuple[Seed, ...]:
    """Create the seed of a new organization: a fabric account of 24 random hexadecimal digits, the vendor's form."""
    return (Seed(ACCOUNT, secrets.token_hex(12)),)


def curl(base: str) -> str:
    """Build the command that gets a token and creates an order at the server `base`."""
    token = (
        f"curl -s -X POST -u demo:demo-secret -d grant_type=client_credentials {base}/oauth2/default/v1/token"
        ' | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\''
    )
    return (
        f'curl -s -w "\\n" -X POST {base}/api/v2/order/ -H "Authorization: Bearer $({token})"'
        f' -H \'x-site-context: {{"account":"{DEMO_ACCOUNT}"}}\''
        f" -H 'Content-Type: application/json' -d '{_BODY}'"
    )
