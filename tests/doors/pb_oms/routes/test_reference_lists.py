"""The reference lists of the Pitney Bowes OMS door: what a new organization has, and what it can replace."""

import json
from typing import Any

import pytest

from crossdock.core.errors import Invalid
from crossdock.doors.pb_oms import DOOR
from crossdock.doors.pb_oms.reference_lists import KINDS, parse_list
from crossdock.flows import catalog
from crossdock.flows.access import Caller
from crossdock.flows.catalog import Draft
from tests.doors.pb_oms.client import Headers, is_shipping_error
from tests.world import World

BASE = "/shipping/api/v1"


async def read(world: World, headers: Headers, rest: str) -> Any:
    response = await world.http.get(f"{BASE}/{rest}", headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def replace(world: World, name: str, rows: Any) -> None:
    caller = Caller(await world.demo_organization(), "demo", frozenset({"admin"}))
    (found,) = [each for each in DOOR.reference_lists if each.kind == KINDS[name]]
    document = found.parse(json.dumps(rows).encode())
    await catalog.change(
        world.context, caller, kind=found.kind, key=found.key, make=lambda _: Draft(document), create=True
    )


class TestDefaults:
    async def test_the_carriers_and_accounts_are_objects(self, world: World, headers: Headers) -> None:
        assert (await read(world, headers, "carriers"))["carriers"][0] == {
            "carrierID": "USPS", "name": "United States Postal Service", "originCountry": "US",
            "properties": {
                "futureShipmentSupported": True, "internationalSupported": True, "domesticNotSupported": False,
            },
        }  # fmt: skip
        accounts = (await read(world, headers, "carrierAccounts"))["carrierAccounts"]
        assert [each["carrierName"] for each in accounts] == ["FEDEX", "UPS", "USPS"]

    async def test_countries_services_and_parcel_types_are_arrays(self, world: World, headers: Headers) -> None:
        assert {"countryCode": "TV", "countryName": "Tuvalu"} in await read(world, headers, "countries")
        services = await read(world, headers, "services")
        assert [each["serviceId"] for each in services] == ["FCM", "PM", "EM", "LIB", "UGA"]
        assert list(services[0]) == ["serviceId", "brandedName"]
        abroad = await read(world, headers, "services?carrier=usps&destinationCountryCode=CA")
        assert [each["serviceId"] for each in abroad] == ["PMI", "EMI"]
        parcels = await read(world, headers, "parcelTypes?carrier=UPS")
        assert {(each["carrier"], each["serviceId"]) for each in parcels} >= {("ups", "GRD"), ("ups", "2DA")}

    async def test_special_services_can_be_narrowed(self, world: World, headers: Headers) -> None:
        every = (await read(world, headers, "specialServices"))["services"]
        (one,) = (await read(world, headers, "specialServices?service=LIB&parcel=PKG"))["services"]
        assert one in every
        rules = {each["specialserviceId"]: each for each in one["parcelTypeRules"][0]["specialServiceRules"]}
        assert rules["RR"]["prerequisiteRules"][2] == {"specialserviceId": "Ins", "minInputValue": 501}
        assert "trackable" not in rules["ERR"]
        assert (await read(world, headers, "specialServices?service=LIB&parcel=TUBE"))["services"] == []

    async def test_the_server_for_canada_has_them_too(self, world: World, headers: Headers) -> None:
        response = await world.http.get("/ca/shipping/api/v1/carriers", headers=headers)
        assert response.json() == await read(world, headers, "carriers")


class TestFaults:
    async def test_every_unknown_value_of_a_query_is_named(self, world: World, headers: Headers) -> None:
        query = "carrier=ACME&originCountryCode=QQ&destinationCountryCode=U&service=X&parcel=Y"
        response = await world.http.get(f"{BASE}/specialServices?{query}", headers=headers)
        assert is_shipping_error(response, 400, "validation_error")
        assert response.json()["errors"][0]["additionalParameters"] == [
            "carrier", "originCountryCode", "destinationCountryCode", "service", "parcel",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", KINDS)
    async def test_a_caller_without_a_token_is_refused(self, world: World, name: str) -> None:
        assert is_shipping_error(await world.http.get(f"{BASE}/{name}"), 401, "unauthorized_error")


class TestReplaced:
    async def test_rows_are_selected_by_carrier_and_countries(self, world: World, headers: Headers) -> None:
        await replace(world, "carriers", [{"carrierID": "BIKE", "name": "Bike couriers"}])
        rows = [
            {"serviceId": "CITY", "brandedName": "City", "carrier": "bike", "destinationCountryCode": ["CA", "US"]},
            {"serviceId": "ALL", "brandedName": "Everywhere"},
        ]
        await replace(world, "services", rows)
        here = await read(world, headers, "services?carrier=BIKE")
        assert here == [
            {"serviceId": "CITY", "brandedName": "City"},
            {"serviceId": "ALL", "brandedName": "Everywhere"},
        ]
        there = await read(world, headers, "services?carrier=BIKE&destinationCountryCode=DE")
        assert [each["serviceId"] for each in there] == ["ALL"]
        unknown = await world.http.get(f"{BASE}/services?carrier=USPS", headers=headers)
        assert is_shipping_error(unknown, 400, "validation_error")

    async def test_another_organization_has_its_own(self, world: World, headers: Headers) -> None:
        await replace(world, "carriers", [{"carrierID": "BIKE", "name": "Bike couriers"}])
        assert len((await read(world, headers, "carriers"))["carriers"]) == 1
        stranger = await world.stranger()
        assert len((await read(world, stranger, "carriers"))["carriers"]) == 5

    async def test_rows_with_faults_are_refused_with_all_of_them(self) -> None:
        with pytest.raises(Invalid) as refused:
            parse_list("services", b'[{"serviceId": "A", "carrier": 7}, 3, {"domestic": "yes"}]')
        assert [fault.path for fault in refused.value.faults] == [
            (0, "brandedName"), (0, "carrier"), (1,), (2, "serviceId"), (2, "brandedName"), (2, "domestic"),
        ]  # fmt: skip
        with pytest.raises(Invalid):
            parse_list("services", b'{"serviceId": "A"}')
