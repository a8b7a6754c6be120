"""Adding customs products through the Pitney Bowes OMS door."""

import re

from tests.doors.pb_oms.client import PRODUCT, PRODUCTS, Headers
from tests.world import World


class TestCustomsProduct:
    async def test_a_customs_product_id_is_returned_under_both_names(self, world: World, headers: Headers) -> None:
        response = await world.http.post(PRODUCTS, json=PRODUCT, headers=headers)
        assert response.status_code == 201
        body = response.json()
        assert set(body) == {"customsProductId", "productId"}
        assert body["customsProductId"] == body["productId"]
        assert re.fullmatch(r"cp\d{11}", body["productId"])

    async def test_product_details_are_accepted_under_either_name(self, world: World, headers: Headers) -> None:
        older = {name: value for name, value in PRODUCT.items() if name != "productDimensions"}
        response = await world.http.post(PRODUCTS, json=older | {"productDetails": {"length": 1}}, headers=headers)
        assert response.status_code == 201
        refused = await world.http.post(PRODUCTS, json=older, headers=headers)
        assert refused.status_code == 400
        assert "productDimensions: is required" in refused.json()["additionalInfo"]

    async def test_a_faulty_customs_product_has_every_fault_named(self, world: World, headers: Headers) -> None:
        body = {"originCountryCode": "XX", "quantity": 1.5, "unitPrice": "1", "productDetails": {}}
        response = await world.http.post(PRODUCTS, json=body, headers=headers)
        assert response.status_code == 400
        for path in ("description:", "originCountryCode:", "quantity:", "unitPrice:"):
            assert path in response.json()["additionalInfo"]
