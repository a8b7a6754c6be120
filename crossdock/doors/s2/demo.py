"""Seeds of new organizations (a sales account; for the demo also products), and a curl command that creates an order.

The ids and values of the demo are those of the vendor's create-order page.
"""

from decimal import Decimal
from uuid import uuid4

from crossdock.doors import OrganizationId, SalesAccounts, Seed, encode_json
from crossdock.doors.s2.catalog import ACCOUNT, BRAND, PRODUCT, account_document, assign, describe_account, to_product
from crossdock.doors.s2.wire import is_uuid

ACCOUNT_ID = "1ac48942-405a-4841-a7d8-708f50dbe888"
FIRST_PRODUCT_ID = "3775cc37-30e7-4579-a58e-c9adda6fa888"
SECOND_PRODUCT_ID = "bab7c35b-2ecb-4b40-be82-8dc1e0a86888"

_SONY = {"name": "Sony", "nameNormalized": "sony", "createdAt": "2024-06-04T03:16:22.617577Z"}
_BRANDLESS = {"name": "", "nameNormalized": "", "createdAt": "2024-03-05T22:17:28.679732Z"}
_SONY_ID = "e0cbbf33-cbea-4867-9fd9-5d72f22c2321"
_BRANDLESS_ID = "5643b7ee-7df1-48c6-b690-1e29ffa8ab33"
_IMAGE = "95d73baf-76ba-4bea-86ac-1534c5e5d4aa/2024-04-23/avatar/听雨__24_x_26.25__PFPWig_4_YXKT59pJLuoIk82VgaF.jpg"
_FIRST_PRODUCT = {
    "sku": "test",
    "brand": {"id": _SONY_ID, **_SONY},
    "gtin": "7045557637838",
    "name": "Test Product",
    "remarks": "test.",
    "imageMain": _IMAGE,
    "packageLengthMm": Decimal("33.27078"),
    "packageWidthMm": Decimal("64.29312"),
    "packageHeightMm": Decimal("96.57682"),
    "shippingWeightKg": Decimal("76.44365"),
    "caseUnit": "EACH",
    "casePack": 2,
    "caseLengthMm": Decimal("34.340958"),
    "caseWidthMm": Decimal("20.323586"),
    "caseHeightMm": Decimal("12.659683"),
    "caseWeightKg": Decimal("0.35708416"),
    "condition": "NEW",
    "serialNumberRequired": True,
    "expiryDateRequired": True,
}
_SECOND_PRODUCT = {
    "sku": "SKU-GREY",
    "brand": {"id": _BRANDLESS_ID, **_BRANDLESS},
    "gtin": "",
    "name": "SKU GREY",
    "remarks": "",
    "imageMain": "",
    "packageLengthMm": Decimal("1500.0"),
    "packageWidthMm": Decimal("260.0"),
    "packageHeightMm": Decimal("810.0"),
    "shippingWeightKg": Decimal("35.0"),
    "caseUnit": "CARTON",
    "casePack": 1,
    "caseLengthMm": Decimal("0.0"),
    "caseWidthMm": Decimal("0.0"),
    "caseHeightMm": Decimal("0.0"),
    "caseWeightKg": Decimal("0.0"),
    "condition": "NEW",
    "serialNumberRequired": False,
    "expiryDateRequired": False,
}


def _parse_uuid(text: str) -> str:
    if not is_uuid(text):
        raise ValueError(f"an S2 id is a UUID, such as {ACCOUNT_ID}, not {text!r}")
    return text.lower()


SALES_ACCOUNTS = SalesAccounts(
    ACCOUNT, lambda name: encode_json(account_document(name)), assign, describe_account, _parse_uuid
)
ORGANIZATION_IDS = (
    OrganizationId("s2-organization", None, "UUID that S2 clients send in X-S2-Organization.", _parse_uuid),
    OrganizationId("s2-account", ACCOUNT, "UUID of the sales account that S2 clients send as accountId.", _parse_uuid),
)

DEMO_SEEDS = (
    Seed(ACCOUNT, ACCOUNT_ID, "Demo", document=account_document("Demo")),
    Seed(BRAND, _BRANDLESS_ID, "", document=_BRANDLESS),
    Seed(BRAND, _SONY_ID, "Sony", document=_SONY),
    Seed(PRODUCT, SECOND_PRODUCT_ID, "SKU-GREY", "SKU-GREY\nSKU GREY", to_product(_SECOND_PRODUCT)),
    Seed(PRODUCT, FIRST_PRODUCT_ID, "test", "test\nTest Product", to_product(_FIRST_PRODUCT)),
)


def seeds(organization_name: str) -> tuple[Seed, ...]:
    """Make the seeds of a new organization: one account, because orders need one and the vendor has no call that creates it."""
    return (Seed(ACCOUNT, str(uuid4()), organization_name, document=account_document(organization_name)),)


_LOGIN = '{"email":"demo@example.com","password":"demo-password"}'
_ADDRESS = (
    '{"name":"Jane Smith","company":"","address1":"1822 Franklin Street","address2":"","city":"Vancouver","state":"BC",'
    '"postalCode":"V5L 1R1","countryId":"CA","phone":"","email":""}'
)
_BODY = (
    f'{{"accountId":"{ACCOUNT_ID}","channelOrderId":"DEMO-1","channelShippingMethod":"Standard",'
    f'"shippingAddress":{_ADDRESS},"meta":{{}},"channelOrderDate":"2024-04-24T06:00:33.889Z","currencyId":"CAD",'
    f'"items":[{{"channelOrderItemId":"0","productId":"{FIRST_PRODUCT_ID}","quantity":2,"unitPrice":9.99,"meta":{{}}}}],'
    '"attachments":[]}'
)


def curl(base: str) -> str:
    """Format a shell command that signs in the demo user and creates an order at the server `base`."""
    json = "-H 'Content-Type: application/json'"
    token = f"curl -s -X POST {base}/login {json} -d '{_LOGIN}' | sed 's/.*\"accessToken\":\"\\([^\"]*\\).*/\\1/'"
    return f"curl -s -w '\\n' -X POST {base}/order -H \"Authorization: Bearer $({token})\" {json} -d '{_BODY}'"
