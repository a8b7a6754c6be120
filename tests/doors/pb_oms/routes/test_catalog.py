"""Adding customs products through the Pitney Bowes OMS door."""

import re

from tests.doors.pb_oms.client import PRODUCT, PRODUCTS, Headers, is_shipping_error
from tests.world import World


class TestCustomsProduct:
    async def test_a_customs_product_id_is_returned_under_both_names(self, world: World, headers: Headers) -> None:
        response = await world.http.post(PRODUCTS, json=PRODUCT, headers=headers)
        assert response.status_code == 201
        body = response.json()
        assert set(body) == {"customsProductId", "productId"}
        assert body["customsProductId"] == body["productId"]
        assert re.fullmatch(r"cp\d{11}", body["productId"])

    async def test_physical_details_are_accepted_as_each_version_of_the_page_names_them(
        self, world: World, headers: Headers
    ) -> None:
        bare = {name: value for name, value in PRODUCT.items() if name not in ("productDimensions", "weight")}
        for details in ({"productDimensions": {"length": 1}}, {"productDetails": {"length": 1}}, {"weight": 10}):
            response = await world.http.post(PRODUCTS, json=bare | details, headers=headers)
            assert response.status_code == 201
        refused = await world.http.post(PRODUCTS, json=bare, headers=headers)
        assert is_shipping_error(refused, 400, "validation_error")
        assert refused.json()["errors"][0]["additionalInfo"] == "productDimensions: is required"

    async def test_a_faulty_customs_product_has_every_fault_named(self, world: World, headers: Headers) -> None:
        body = {"originCountryCode": "XX", "quantity": 1.5, "unitPrice": "1", "productDetails": {}}
        response = await world.http.post(PRODUCTS, json=body, headers=headers)
        assert is_shipping_error(response, 400, "validation_error")
        (error,) = response.json()["errors"]
        assert error["additionalParameters"] == ["description", "originCountryCode", "quantity", "unitPrice"]
        for path in error["additionalParameters"]:
            assert f"{path}: " in error["additionalInfo"]

    async def test_a_customs_product_can_be_added_at_the_server_for_canada(
        self, world: World, headers: Headers
    ) -> None:
        response = await world.http.post(f"/ca{PRODUCTS}", json=PRODUCT, headers=headers)
        assert response.status_code == 201
