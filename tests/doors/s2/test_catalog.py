"""Formats of ids and times, and the keys of catalog entries."""

import pytest

from crossdock import demo
from crossdock.doors.s2.catalog import BRAND, format_time, key_for, product_id_for, s2_id, unknown_product_id
from crossdock.flows.tenants import Organization

ORGANIZATION = Organization(1, "Demo", demo.ORGANIZATION_UUID, 0, 0)


@pytest.mark.parametrize(
    ("us", "rendered"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (34_207_910, "1970-01-01T00:00:34.20791Z"),
        (10_000_000, "1970-01-01T00:00:10Z"),
        (10_500_000, "1970-01-01T00:00:10.5Z"),
    ],
)
def test_times_are_formatted_without_trailing_zeros(us: int, rendered: str) -> None:
    assert format_time(us) == rendered


# As earlier releases computed them. Only the version digit may differ: two requests for one name must compute one key.
@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        (BRAND, "Sony", "e45e5aad-fff5-5b3c-bf2a-e42802517c93"),
        (BRAND, "", "9e8997af-778f-5eab-8ebe-4dad50378f56"),
        (BRAND, "Ältere & Söhne", "073d39d1-7156-50a8-9cc8-c75c4579ff91"),
        ("s2/product", "MUG-1", "8b32ae0b-1c1c-5ee3-8cf4-82b9b957fffb"),
    ],
)
def test_the_key_of_a_catalog_entry_has_version_4_and_otherwise_the_digits_of_earlier_releases(
    kind: str, name: str, key: str
) -> None:
    assert s2_id(ORGANIZATION) == "95d73baf-76ba-4bea-86ac-1534c5e5d4aa"
    assert key_for(ORGANIZATION, kind, name) == f"{key[:14]}4{key[15:]}"


@pytest.mark.parametrize(("sku", "same"), [("MUG-1", True), ("", False)])
def test_a_product_that_is_not_in_the_catalog_has_the_id_that_it_would_get_there(sku: str, same: bool) -> None:
    computed = unknown_product_id(ORGANIZATION, sku, "A mug")
    assert (computed == product_id_for(ORGANIZATION, sku)) == same
    assert unknown_product_id(ORGANIZATION, sku, "A mug") == computed != unknown_product_id(ORGANIZATION, "", "A cup")
