"""Fraud conditions: every operator of every type, dates, alternatives, and what becomes of the order."""

from typing import Any

import httpx
import msgspec
import pytest

from crossdock.core.json.strict_json import parse_trusted
from crossdock.doors.fabric import fraud_conditions
from crossdock.doors.fabric.fraud_conditions import OPERATORS_OF, condition_faults, find_match, shifted
from crossdock.doors.fabric.search_filters import moment
from crossdock.flows import placement_rules, queries
from crossdock.store import catalog as catalog_store
from crossdock.store.order_query.query import Filters
from tests.doors.fabric.conftest import ORDERS, smallest
from tests.notifications.world import caller_of
from tests.world import World

Tree = Any


def at_time(text: str) -> int:
    """Return a time as microseconds since 1970."""
    at = moment(text)
    assert at is not None
    return at


ARRIVED = at_time("2026-03-31T12:00:00Z")
_ORDER: dict[str, Tree] = {
    "orderNumber": "A-7",
    "orderTotal": 120.5,
    "orderDate": "2026-03-01T08:00:00Z",
    "isGift": True,
    "zip": "98101",
    "note": None,
    "customer": {"email": "jane@example.com"},
    "items": [{"sku": "MUG", "quantity": 2}, {"sku": "CUP", "quantity": 9}],
}
ORDER = parse_trusted(msgspec.json.encode(_ORDER))
F = "/api/v2/configurations/fraud-config"


def condition(key: str, operator: str, type: str, value: Tree = None, **date_value: Tree) -> dict[str, Tree]:
    """Return a condition; with `date_value` one that compares with a date."""
    made = {"key": key, "operator": operator, "type": type, "value": value}
    return made | ({"dateValue": date_value} if date_value else {})


def matches(*alternatives: list[dict[str, Tree]]) -> bool:
    """Check alternatives and evaluate them over the order above."""
    config = {"processName": "P", "serviceName": "S", "configuration": {"conditions": alternatives}}
    document = msgspec.json.encode(config)
    assert list(condition_faults(parse_trusted(document)["configuration"]["conditions"], ())) == []
    return find_match([document], ORDER, ARRIVED) == "P/S"


DATE = "2026-03-01"
# Of every type and operator: a value that the order meets, and one that it does not meet.
CASES: dict[str, dict[str, tuple[str, Tree, Tree]]] = {
    "STRING": {
        "EQUALS": ("orderNumber", "A-7", "a-7"),
        "NOT_EQUALS": ("orderNumber", "B", "A-7"),
        "IN": ("orderNumber", ["B", "A-7"], ["B"]),
        "NOT_IN": ("orderNumber", ["B"], ["A-7", "B"]),
        "CONTAINS": ("customer.email", "@example", "@other"),
        "NOT_CONTAINS": ("customer.email", "@other", "@example"),
        "STARTS_WITH": ("customer.email", "jane", "john"),
        "ENDS_WITH": ("customer.email", ".com", ".org"),
    },
    "NUMBER": {
        "EQUALS": ("orderTotal", 120.50, 120),
        "NOT_EQUALS": ("orderTotal", 120, "120.5"),
        "IN": ("orderTotal", [1, 120.5], [1]),
        "NOT_IN": ("orderTotal", [1], [120.5]),
        "GREATER_THAN": ("orderTotal", 120, 120.5),
        "GREATER_THAN_OR_EQUALS": ("orderTotal", 120.5, 121),
        "LESS_THAN": ("orderTotal", 121, 120.5),
        "LESS_THAN_OR_EQUALS": ("orderTotal", 120.5, 120),
        "BETWEEN": ("orderTotal", [120.5, 121], [121, 122]),
    },
    "BOOLEAN": {"EQUALS": ("isGift", True, "false"), "NOT_EQUALS": ("isGift", False, True)},
    "DATE": {
        "EQUALS": ("orderDate", DATE, "2026-03-01T08:00:01Z"),
        "NOT_EQUALS": ("orderDate", "2026-03-02", DATE),
        "GREATER_THAN": ("orderDate", "2026-02-28", DATE),
        "GREATER_THAN_OR_EQUALS": ("orderDate", DATE, "2026-03-02"),
        "LESS_THAN": ("orderDate", "2026-03-02", DATE),
        "LESS_THAN_OR_EQUALS": ("orderDate", DATE, "2026-02-28"),
        "BETWEEN": ("orderDate", ["2026-02-01", DATE], ["2026-03-02", "2026-03-05"]),
    },
}


class TestOperators:
    @pytest.mark.parametrize(("kind", "operator"), [(kind, each) for kind, found in CASES.items() for each in found])
    def test_an_operator_holds_for_a_value_and_not_for_another(self, kind: str, operator: str) -> None:
        key, met, unmet = CASES[kind][operator]
        assert matches([condition(key, operator, kind, met)])
        assert not matches([condition(key, operator, kind, unmet)])

    @pytest.mark.parametrize("kind", OPERATORS_OF)
    def test_presence_is_asked_for_without_a_value(self, kind: str) -> None:
        for key, is_there in (("orderTotal", True), ("items.sku", True), ("note", False), ("a.b", False)):
            assert matches([condition(key, "EXISTS", kind)]) is is_there
            assert matches([condition(key, "NOT_EXISTS", kind)]) is not is_there

    def test_every_operator_of_every_type_is_tested(self) -> None:
        tested = {kind: {*found, "EXISTS", "NOT_EXISTS"} for kind, found in CASES.items()}
        assert tested == {kind: set(operators) for kind, operators in OPERATORS_OF.items()}

    @pytest.mark.parametrize(
        ("operator", "kind"),
        [("gt", "number"), (">", "Integer"), ("greater than", "DECIMAL"), ("Greater-Than", "double"), ("!=", "LONG")],
    )
    def test_other_spellings_of_operators_and_types_are_understood(self, operator: str, kind: str) -> None:
        assert matches([condition("orderTotal", operator, kind, 100)])

    def test_one_of_several_values_is_enough(self) -> None:
        assert matches([condition("items.sku", "EQUALS", "STRING", "CUP")])
        assert matches([condition("items[].quantity", "GREATER_THAN", "NUMBER", 8)])
        assert matches([condition("items.sku", "NOT_EQUALS", "STRING", "CUP")])
        assert not matches([condition("items.sku", "NOT_IN", "STRING", ["CUP", "MUG"])])

    def test_a_negative_operator_holds_where_there_is_no_value_or_one_of_another_type(self) -> None:
        assert matches([condition("customer.phone", "NOT_EQUALS", "STRING", "1")])
        assert matches([condition("orderNumber", "NOT_EQUALS", "NUMBER", 7)])
        assert not matches([condition("orderNumber", "EQUALS", "NUMBER", 7)])
        assert not matches([condition("customer", "EQUALS", "STRING", "1")])

    def test_text_of_digits_is_a_number_where_a_number_is_asked_for(self) -> None:
        assert matches([condition("zip", "BETWEEN", "NUMBER", [98000, 98999])])
        assert matches([condition("orderTotal", "STARTS_WITH", "STRING", 120)])


class TestAlternatives:
    def test_all_conditions_of_one_alternative_must_hold(self) -> None:
        met, unmet = condition("isGift", "EQUALS", "BOOLEAN", True), condition("zip", "EQUALS", "STRING", "1")
        assert matches([met, met])
        assert not matches([met, unmet])
        assert matches([met, unmet], [met])
        assert not matches()


class TestDates:
    @pytest.mark.parametrize(
        ("operator", "date_value", "holds"),
        [
            ("GREATER_THAN", {"plusValue": -31, "unit": "DAYS"}, True),
            ("GREATER_THAN", {"comparisonType": "RELATIVE", "plusValue": -1, "unit": "month"}, True),
            ("GREATER_THAN", {"comparisonType": "now", "plusValue": -3, "unit": "weeks"}, False),
            ("LESS_THAN", {"comparisonType": "CURRENT_DATE"}, True),
            ("EQUALS", {"date": "2026-02-28", "plusValue": 1, "unit": "DAYS"}, True),
            ("EQUALS", {"comparisonType": "ABSOLUTE", "date": "2025-03-01", "plusValue": 1, "unit": "YEARS"}, True),
            ("EQUALS", {"date": "2026-02-28"}, False),
            ("LESS_THAN", {"date": "2026-03-01T07:59:59Z", "plusValue": 2, "unit": "SECONDS"}, True),
        ],
    )
    def test_a_date_is_compared_with_a_fixed_time_or_that_of_arrival(
        self, operator: str, date_value: Tree, holds: bool
    ) -> None:
        assert matches([condition("orderDate", operator, "DATE", **date_value)]) is holds

    @pytest.mark.parametrize(
        ("at", "plus", "unit", "there"),
        [
            ("2026-03-31T12:00:00Z", -1, "MONTHS", "2026-02-28T12:00:00Z"),
            ("2024-02-29T00:00:00Z", 1, "YEARS", "2025-02-28T00:00:00Z"),
            ("2026-12-31T00:00:00Z", 2, "MONTHS", "2027-02-28T00:00:00Z"),
            ("2026-03-31T12:00:00Z", 90, "MINUTES", "2026-03-31T13:30:00Z"),
            ("2026-03-31T12:00:00Z", 100_000, "YEARS", "9999-03-31T12:00:00Z"),
        ],
    )
    def test_months_and_years_are_those_of_the_calendar(self, at: str, plus: int, unit: str, there: str) -> None:
        assert shifted(at_time(at), plus, unit) == at_time(there)


class TestOrders:
    """Orders that arrive at an organization with a fraud configuration."""

    @staticmethod
    async def configure(world: World, headers: dict[str, str], *conditions: dict[str, Tree]) -> httpx.Response:
        body = {"processName": "P", "serviceName": "S", "configuration": {"conditions": [list(conditions)]}}
        answer = await world.http.post(F, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    @staticmethod
    async def place(world: World, headers: dict[str, str], **changes: Tree) -> tuple[Tree, Tree]:
        """Create an order; returns the answer, and the order as it is read."""
        created = await world.http.post(ORDERS, json=smallest(**changes), headers=headers)
        assert created.status_code == 200, created.text
        read = await world.http.get(ORDERS, params={"orderId": created.json()["orderId"]}, headers=headers)
        return created.json(), read.json()

    async def test_an_order_that_meets_the_conditions_is_held_and_can_be_released(
        self, world: World, headers: dict[str, str]
    ) -> None:
        await self.configure(world, headers, condition("items.sku", "EQUALS", "STRING", "SKU1"))
        created, read = await self.place(world, headers)
        assert (created["statusCode"], created["version"]) == ("ORDER_CREATED", 0)
        assert (read["statusCode"], read["version"]) == ("ORDER_HOLD_FRAUD", 0)
        (order,) = (await queries.page(world.context, await caller_of(world), Filters(), limit=9)).orders
        (hold,) = order.holds
        assert (hold.reason, hold.note) == ("ORDER_HOLD_FRAUD", "the fraud configuration P/S matches")
        found = await world.http.post(
            "/api/v2/order/query", json={"filters": {"statusCode": "ORDER_HOLD_FRAUD"}}, headers=headers
        )
        assert found.json()["count"] == 1
        body = {"orderNumber": created["orderNumber"]}
        released = (await world.http.post("/api/v2/fraud/release", json=body, headers=headers)).json()
        assert released["status"] == "SUCCESS"

    async def test_an_order_that_does_not_meet_them_is_not_held(self, world: World, headers: dict[str, str]) -> None:
        await self.configure(world, headers, condition("items.sku", "EQUALS", "STRING", "SKU2"))
        _, read = await self.place(world, headers)
        assert read["statusCode"] == "ORDER_CREATED"

    @pytest.mark.parametrize(
        ("code", "reasons"),
        [
            ("ORDER_HOLD_FRAUD", ["ORDER_HOLD_FRAUD"]),
            ("ORDER_HOLD_CSR", ["ORDER_HOLD_CSR", "ORDER_HOLD_FRAUD"]),
        ],
    )
    async def test_a_hold_that_the_order_came_with_stays(
        self, world: World, headers: dict[str, str], code: str, reasons: list[str]
    ) -> None:
        await self.configure(world, headers, condition("items.sku", "EXISTS", "STRING"))
        _, read = await self.place(world, headers, statusCode=code)
        assert read["statusCode"] == "ORDER_HOLD_FRAUD"
        (order,) = (await queries.page(world.context, await caller_of(world), Filters(), limit=9)).orders
        assert [hold.reason for hold in order.holds] == reasons

    async def test_changed_and_deleted_conditions_take_effect_for_the_next_order(
        self, world: World, headers: dict[str, str]
    ) -> None:
        await self.configure(world, headers, condition("items.sku", "EXISTS", "STRING"))
        assert (await self.place(world, headers, orderNumber="1"))[1]["statusCode"] == "ORDER_HOLD_FRAUD"
        never = {"conditions": [[condition("items.sku", "NOT_EXISTS", "STRING")]]}
        assert (await world.http.put(f"{F}/P/S", json=never, headers=headers)).status_code == 200
        assert (await self.place(world, headers, orderNumber="2"))[1]["statusCode"] == "ORDER_CREATED"
        always = {"conditions": [[condition("items.sku", "EXISTS", "STRING")]]}
        assert (await world.http.put(f"{F}/P/S", json=always, headers=headers)).status_code == 200
        assert (await self.place(world, headers, orderNumber="3"))[1]["statusCode"] == "ORDER_HOLD_FRAUD"
        assert (await world.http.delete(f"{F}/P/S", headers=headers)).status_code == 200
        assert (await self.place(world, headers, orderNumber="4"))[1]["statusCode"] == "ORDER_CREATED"

    async def test_an_organization_has_a_bounded_number_of_fraud_configurations(
        self, world: World, headers: dict[str, str]
    ) -> None:
        body = {"serviceName": "S", "configuration": {"conditions": []}}
        for number in range(placement_rules.MAX_RULES):
            made = await world.http.post(F, json=body | {"processName": str(number)}, headers=headers)
            assert made.status_code == 200
        refused = await world.http.post(F, json=body | {"processName": "more"}, headers=headers)
        assert refused.status_code == 400
        assert refused.json() == {"message": "[an organization has at most 20 configurations of this kind]"}
        taken = await world.http.post(F, json=body | {"processName": "1"}, headers=headers)
        assert taken.status_code == 409

    async def test_an_organization_without_conditions_pays_one_look_up_for_many_orders(
        self, world: World, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted = []
        read = catalog_store.list_entries

        async def counting(*values: Any, **named: Any) -> Any:
            counted.append(named["kind"])
            return await read(*values, **named)

        now = world.context.clock()
        monkeypatch.setattr(world.context, "clock", lambda: now)
        monkeypatch.setattr(catalog_store, "list_entries", counting)
        for number in range(20):
            await self.place(world, headers, orderNumber=str(number))
        assert counted.count(fraud_conditions.KIND) == 1
