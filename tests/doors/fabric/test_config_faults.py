"""Whatever is wrong with a request about configurations or exports, it is refused, never a 5xx; and conditions that are stored
can be evaluated."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from crossdock.core.errors import Invalid
from crossdock.core.json.request_body import decode_body
from crossdock.doors import encode_json
from crossdock.doors.fabric import examples_config as examples
from crossdock.doors.fabric import fraud_conditions, wire_config
from tests.doors.fabric.conftest import shirts
from tests.doors.fabric.test_bad_bodies import IDS, mutations
from tests.doors.test_bad_input import every_place, replaced
from tests.world import World

Tree = Any
BASE = "/api/v2/configurations"
ONE = "/tenant-config/RETURN/name/returnPeriod"
CALLS: tuple[tuple[str, str, Tree], ...] = (
    ("POST", "/configurations/tenant-config", examples.TENANT),
    ("PUT", "/configurations/tenant-config", [examples.TENANT_CHANGE]),
    ("PATCH", "/configurations/tenant-config", [examples.TENANT_CHANGE]),
    ("POST", "/configurations/tenant-config/query", examples.TENANT_QUERY | {"sortBy": "configType", "limit": 1}),
    ("PUT", f"/configurations{ONE}", examples.TENANT_CHANGE),
    ("PATCH", f"/configurations{ONE}", examples.TENANT_CHANGE),
    ("POST", "/configurations/target-config", examples.TARGET),
    ("POST", "/configurations/fraud-config", examples.FRAUD),
    ("PUT", "/configurations/fraud-config/FRAUD_CHECK/ORDER_SERVICE", examples.CONDITIONS),
    ("POST", "/exports", examples.EXPORT | {"module": "NETWORK", "csvHeadersConfig": '{"name": true}', "sortBy": "name"}),
    ("POST", "/exports/history", examples.EXPORT_QUERY | {"sortBy": "version", "offset": 0}),
)  # fmt: skip
READS = (
    ("GET", "/configurations/tenant-config/{}/name/{}"), ("DELETE", "/configurations/tenant-config/{}/name/{}"),
    ("GET", "/configurations/target-config/{}/{}"), ("DELETE", "/configurations/fraud-config/{}/{}"),
    ("GET", "/exports/status?keyId={}"), ("GET", "/exports/download-url?keyId={}"), ("GET", "/exports/file/{}"),
    ("GET", "/exports/headers-list?module={}"), ("GET", "/exports/files-list?module={}"),
)  # fmt: skip
OPERATIONS = (
    "EQUALS", "NOT_IN", "IN", "BETWEEN", "CONTAINS", "LESS_THAN", "EXISTS",
)  # fmt: skip
VALUES: tuple[Tree, ...] = (
    1, -(10**30), 1e300, "", "x", "NaN", "1e99999", True, None, [], [None], [1, "x"], ["2026-01-01", "x"], {"value": 1}, [1, 2],
    ["2026-01-01", "2026-01-02"],
    "2026-02-30", "9999-12-31", "0001-01-01T00:00:00+14:00",
)  # fmt: skip
DATE_VALUES: tuple[Tree, ...] = (
    None, {}, {"date": "9999-12-31", "plusValue": 100_000, "unit": "YEARS"},
    {"date": "9999-12-31T23:59:59-12:00", "plusValue": 1, "unit": "MONTHS"},
    {"date": "0001-01-01T00:00:00+12:00", "plusValue": -1, "unit": "MONTHS"},
    {"date": "0001-01-01", "plusValue": -100_000, "unit": "WEEKS"},
    {"plusValue": -100_000, "unit": "months"}, {"comparisonType": "RELATIVE", "unit": "", "date": ""}, {"comparisonType": ""},
)  # fmt: skip


class TestRequests:
    @pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda each: each if isinstance(each, str) else "")
    async def test_no_faulty_body_ends_in_a_server_error(
        self, world: World, headers: dict[str, str], method: str, path: str, body: Tree
    ) -> None:
        for kind, made in (("tenant", examples.TENANT), ("target", examples.TARGET), ("fraud", examples.FRAUD)):
            await world.http.post(f"{BASE}/{kind}-config", json=made, headers=headers)
        failed = []
        for each in mutations(body):
            content = json.dumps(each)
            answer = await world.http.request(method, f"/api/v2{path}", content=content, headers=headers)
            if answer.status_code >= 500 or not answer.content:
                failed.append((content[:200], answer.status_code))
            await world.context.jobs.idle()
        assert failed == []

    @pytest.mark.parametrize(("method", "path"), READS)
    async def test_no_strange_name_ends_in_a_server_error(
        self, world: World, headers: dict[str, str], method: str, path: str
    ) -> None:
        answers = [
            await world.http.request(method, f"/api/v2{path.replace('{}', quote(each, safe=''))}", headers=headers)
            for each in IDS
        ]
        assert [
            (each, answer.status_code) for each, answer in zip(IDS, answers, strict=True) if answer.status_code >= 500
        ] == []


class TestConditions:
    @pytest.mark.parametrize("kind", fraud_conditions.OPERATORS_OF)
    @pytest.mark.parametrize("operator", OPERATIONS)
    def test_conditions_that_are_accepted_can_be_evaluated_over_any_order(self, kind: str, operator: str) -> None:
        orders = [
            shirts(),
            *(replaced(shirts(), path, value) for path in every_place(shirts()) for value in VALUES[:9]),
        ]
        accepted = 0
        for value in VALUES:
            for date_value in DATE_VALUES:
                sent = {"key": "items.sku", "operator": operator, "type": kind, "value": value, "dateValue": date_value}
                body = encode_json(
                    {"conditions": [[sent | {"key": key} for key in ("items.sku", "customer", "orderTotal")]]}
                )
                try:
                    decode_body(
                        body, wire_config.FraudConditions,
                        lambda tree: list(fraud_conditions.condition_faults(tree.get("conditions"), ())),
                    )  # fmt: skip
                except Invalid:
                    continue
                accepted += 1
                stored = b'{"processName":"p","serviceName":"s","configuration":%s}' % body
                for order in orders[:: 1 if value == 1 else 50]:
                    fraud_conditions.find_match([stored], order, 1_700_000_000_000_000)
        assert (accepted > 0) == (operator in fraud_conditions.OPERATORS_OF[kind])
