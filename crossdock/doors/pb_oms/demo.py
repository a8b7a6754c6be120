"""The curl command of the demo, which creates an order through this door."""

_BODY = (
    '{"orderNumber":"DEMO-1","fromAddress":{"addressLine1":"638 Manitoba Ave","cityTown":"Winnipeg","countryCode":"CA"},'
    '"toAddress":{"name":"Jane Smith","email":"jane@example.com","addressLine1":"1822 Franklin Street",'
    '"cityTown":"Vancouver","countryCode":"CA"},'
    '"items":[{"itemId":"SKU12345","description":"Wireless mouse","quantity":2,"unitPrice":25}]}'
)


def curl(base: str) -> str:
    """Render a shell command that gets a token and creates an order; `base` is the URL of the server."""
    token = (
        f'curl -s -X POST -u demo:demo-secret {base}/auth/api/v1/token | sed \'s/.*"access_token":"\\([^"]*\\).*/\\1/\''
    )
    return (
        f'curl -s -w "\\n" -X POST {base}/ordermanagement/api/v1/orders -H "Authorization: Bearer $({token})"'
        f" -H 'Content-Type: application/json' -d '{_BODY}'"
    )
