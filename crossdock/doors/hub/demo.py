"""The line a newcomer pastes to create an order through this door."""

_BODY = (
    '{"number":"DEMO-1","currency":"USD","customer":{"name":"Jane Smith","email":"jane@example.com"},'
    '"destinations":[{"address":{"name":"Jane Smith","lines":["1822 Franklin Street"],"city":"Vancouver","country":"CA"}}],'
    '"lines":[{"sku":"SKU-1","description":"Wireless mouse","quantity":2,"unit_price":"25.00"}],"totals":{"items":"50.00"}}'
)


def curl(base: str) -> str:
    """Return one command that gets a token and creates an order at the server `base`."""
    token = f'curl -s -X POST -u demo:demo-secret {base}/hub/v1/token | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\''
    return (
        f'curl -s -w "\\n" -X POST {base}/hub/v1/orders -H "Authorization: Bearer $({token})"'
        f" -H 'Content-Type: application/json' -d '{_BODY}'"
    )
