"""Returns, refunds and payments: what may come back, what is judged of it, and money that closes at zero."""

from decimal import Decimal
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Conflict, Invalid, Refusal
from crossdock.core.orders.commands import CancelOrder, State
from crossdock.core.orders.delivering import RecordTracking
from crossdock.core.orders.editing import revise
from crossdock.core.orders.events import Edited, ReturnJudged
from crossdock.core.orders.fulfilling import CreateFulfillment, ShipFulfillment
from crossdock.core.orders.fulfillments import DeliveryStatus
from crossdock.core.orders.model import Charge, Totals
from crossdock.core.orders.returns import DAY_US, ReturnPolicy, ReturnStatus
from crossdock.core.orders.supply import Supply
from crossdock.core.returns.commands import (
    AppeaseOrder,
    CancelReturn,
    JudgeReturn,
    ReceiveReturn,
    RecordPayment,
    RefundOrder,
    RequestReturn,
    eligible_lines,
)
from crossdock.core.returns.refunds import balance, left_of_lines, total_of
from tests.core.orders.book import Book

STOCK = {("A", "W1"): 5, ("B", "W1"): 5}
D = Decimal


def shipped_book(**content: object) -> Book:
    """Return an order of three A and one B that has shipped whole."""
    content = {"currency": "USD", "totals": Totals(items=D(35), shipping=D(5), tax=D("3.5"), total=D("43.5"))} | content
    book = Book([("A", 3), ("B", 1)], STOCK, **content)
    book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id)
    book.do(ShipFulfillment, fulfillment_id=book.fulfillments[0].fulfillment_id, new_id=book.new_id, number="T1")
    return book


def requested(book: Book, **fields: object) -> int:
    book.do(RequestReturn, new_id=book.new_id, **fields)
    return book.order.returns[-1].return_id


class TestRequest:
    def test_what_was_shipped_can_be_returned_once(self) -> None:
        book = shipped_book()
        requested(book, lines={0: 2}, reason="too small")
        assert [each.units for each in eligible_lines(book.order, ReturnPolicy(), book.now)] == [1, 1]
        requested(book)
        with pytest.raises(Conflict, match="in a return already"):
            requested(book)

    def test_the_rule_that_says_no_is_named(self) -> None:
        book = shipped_book()
        policy = ReturnPolicy("short", days=30, reasons=("damaged",))
        with pytest.raises(Invalid, match="'short'") as refused:
            requested(book, lines={0: 1, 1: 2}, reason="bored", policy=policy)
        assert [fault.path[-1] for fault in refused.value.faults] == ["reason", "quantity", "reason"]
        book.do(RecordTracking, number="T1", status=DeliveryStatus.DELIVERED, reported_at=book.now)
        book.now += 31 * DAY_US
        with pytest.raises(Invalid) as refused:
            requested(book, lines={0: 1}, reason="damaged", policy=policy)
        assert refused.value.faults[0].reason == "it was delivered 31 days ago, returns are accepted for 30"
        requested(book, lines={0: 1}, reason="bored", policy=policy, overrule=True)

    def test_a_canceled_return_can_be_asked_for_again(self) -> None:
        book = shipped_book()
        one = requested(book)
        book.do(CancelReturn, return_id=one)
        assert (book.order.returns[0].status, book.order.counters[0].return_requested) == (ReturnStatus.CANCELED, 0)
        requested(book)


class TestReceiveAndJudge:
    def test_units_come_back_in_parts_and_are_judged(self) -> None:
        book = shipped_book()
        one = requested(book, lines={0: 3})
        book.do(ReceiveReturn, return_id=one, lines={0: 2}, location="W1")
        assert book.order.returns[0].status is ReturnStatus.PARTIALLY_RECEIVED
        book.do(JudgeReturn, return_id=one, restock={0: 1}, reject={0: 1})
        assert (book.level("A", "W1"), book.order.counters[0].returned) == ((3, 0), 2)
        book.do(ReceiveReturn, return_id=one)
        book.do(JudgeReturn, return_id=one, scrap={0: 1})
        assert (book.order.returns[0].status, book.level("A", "W1")) == (ReturnStatus.JUDGED, (3, 0))
        with pytest.raises(Invalid):
            book.do(JudgeReturn, return_id=one, scrap={0: 1})

    @pytest.mark.parametrize(
        ("stock", "expected"),
        [
            ({("A", "W1", "web"): 3}, {"web": 1}),
            ({("A", "W1", "web"): 3, ("A", "W1"): 3}, {"web": 1, "": 3}),
            ({("A", "W1", "web"): 0, ("A", "W1"): 3}, {"web": 0, "": 1}),
        ],
    )
    def test_units_go_back_into_the_stock_that_they_were_shipped_from(
        self, stock: dict[tuple[str, ...], int], expected: dict[str, int]
    ) -> None:
        book = Book([("A", 3)], stock, channel="web")
        book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id)
        book.do(ShipFulfillment, fulfillment_id=book.fulfillments[0].fulfillment_id, new_id=book.new_id)
        one = requested(book, lines={0: 1})
        book.do(ReceiveReturn, return_id=one, location="W1")
        book.do(JudgeReturn, return_id=one, restock={0: 1})
        assert {key.pool: level.on_hand for key, level in book.levels.items()} == expected

    def test_restocked_units_go_where_stock_is_tracked_also_without_a_level_or_a_location(self) -> None:
        for place, expected in ((None, "W1"), ("W1", "W1"), ("W2", "W2")):
            book = Book([("A", 3)], STOCK | {("B", "W2"): 5})
            book.do(CreateFulfillment, location_ref="W1", new_id=book.new_id)
            book.do(ShipFulfillment, fulfillment_id=book.fulfillments[0].fulfillment_id, new_id=book.new_id)
            one = requested(book)
            book.do(ReceiveReturn, return_id=one, location=place)
            if place == "W2":
                state = State(
                    book.order, book.now, "me", supply=Supply(book.levels, book.locations, (), 1, book.new_id)
                )
                (event,) = JudgeReturn(order_id=900, return_id=one, restock={0: 3}).decide(state)
            else:
                book.do(JudgeReturn, return_id=one, restock={0: 3})
                event = book.events[-1]
            assert isinstance(event, ReturnJudged)
            assert event.restocked == (("A", expected, "", 3),)


class TestRefund:
    def test_a_return_is_refunded_without_what_was_rejected(self) -> None:
        book = shipped_book()
        one = requested(book, lines={0: 3})
        book.do(ReceiveReturn, return_id=one)
        book.do(JudgeReturn, return_id=one, restock={0: 2}, reject={0: 1})
        book.do(RefundOrder, return_id=one, kind="return", new_id=book.new_id)
        (refund,) = book.order.refunds
        assert refund.lines == ((0, 2),)
        with pytest.raises(Invalid, match="cannot be refunded"):
            book.do(RefundOrder, return_id=one, kind="return", new_id=book.new_id)

    def test_more_than_what_is_left_is_refused_with_what_is_left(self) -> None:
        book = shipped_book()
        book.do(RefundOrder, amount=D(40), new_id=book.new_id)
        with pytest.raises(Invalid) as refused:
            book.do(RefundOrder, amount=D("3.51"), new_id=book.new_id)
        assert (refused.value.facts["left"], refused.value.faults[0].path) == ("3.50", ("amount",))

    def test_a_reference_is_refunded_once(self) -> None:
        book = shipped_book()
        for _ in range(2):
            book.do(RefundOrder, amount=D(1), reference="r", new_id=book.new_id)
        assert len(book.order.refunds) == 1

    def test_goodwill_has_a_limit(self) -> None:
        book = shipped_book()
        policy = ReturnPolicy(appeasement_percent=10)
        book.do(AppeaseOrder, amount=D(4), kind="appeasement", policy=policy, new_id=book.new_id)
        with pytest.raises(Invalid, match="cannot be refunded"):
            book.do(AppeaseOrder, amount=D(1), kind="appeasement", policy=policy, new_id=book.new_id)

    def test_goodwill_for_units_has_the_same_limit(self) -> None:
        book = shipped_book()
        with pytest.raises(Invalid, match="cannot be refunded"):
            book.do(
                AppeaseOrder, lines={0: 3}, kind="appeasement", policy=ReturnPolicy(appeasement_percent=10),
                new_id=book.new_id,
            )  # fmt: skip

    def test_a_line_gets_no_more_than_it_costs_in_goodwill_and_for_its_units(self) -> None:
        book = shipped_book(totals=Totals(items=D(35)))
        appease = {"kind": "appeasement", "line": 1, "new_id": book.new_id}
        cost = left_of_lines(book.order.content, ())[1]
        book.do(AppeaseOrder, amount=D(3), **appease)
        with pytest.raises(Invalid) as refused:
            book.do(AppeaseOrder, amount=cost - 2, **appease)
        assert refused.value.faults[0].reason == f"must be at most {cost - 3}, which is left of what the line costs"
        book.do(RefundOrder, lines={1: 1}, new_id=book.new_id)
        given, refund = book.order.refunds
        assert (given.by_line, given.lines, refund.amount, refund.by_line) == (
            ((1, D(3)),),
            (),
            cost - 3,
            ((1, cost - 3),),
        )
        assert total_of(dict(refund.components), tax_included=False) == refund.amount
        with pytest.raises(Invalid, match="cannot be refunded"):
            book.do(AppeaseOrder, amount=D("0.01"), **appease)
        with pytest.raises(Invalid, match="faults"):
            book.do(AppeaseOrder, amount=D(1), **appease | {"line": 2})

    def test_the_components_add_up_to_the_amount_whatever_is_kept_back(self) -> None:
        for included, more, amount in (
            (False, {}, "10.60"), (False, {"fee": D("2.25")}, "8.35"), (False, {"without": ("tax", "shipping")}, "9"),
            (True, {}, "10"), (True, {"without": ("tax",)}, "9.40"), (False, {"amount": D(7)}, "7"),
        ):  # fmt: skip
            totals = Totals(items=D(36), shipping=D(4), tax=D("2.4"))  # 9, 1 and 0.60 for each unit
            book = shipped_book(tax_included=included, totals=totals)
            book.do(RefundOrder, lines={0: 1}, new_id=book.new_id, **more)
            (refund,) = book.order.refunds
            assert (refund.amount, sum(part for _, part in refund.by_line)) == (D(amount), D(amount)), (included, more)
            assert total_of(dict(refund.components), tax_included=included) == D(amount)

    def test_refunds_follow_their_lines_through_an_edit(self) -> None:
        book = Book([("A", 2), ("B", 2)], currency="USD")
        lines = tuple(msgspec.structs.replace(line, unit_price=D(10)) for line in book.order.content.lines)
        book.order = msgspec.structs.replace(
            book.order, content=msgspec.structs.replace(book.order.content, lines=lines)
        )
        book.do(RefundOrder, lines={0: 2}, new_id=book.new_id)
        for moved, place in ((lines[::-1], 1), (lines[1:], -1)):
            made = revise(book.order, msgspec.structs.replace(book.order.content, lines=moved))
            edited = Edited(content=made.content, counters=made.counters, from_lines=made.from_lines)
            book.order = edited.apply(book.order, 0)
            (refund,) = book.order.refunds
            assert (refund.lines, refund.by_line) == (((place, 2),), ((place, D(20)),))


class TestPayments:
    def test_reports_of_one_payment_add_to_it(self) -> None:
        book = shipped_book()
        for changes in ({"authorized": D("43.5")}, {"captured": D(20)}, {"captured": D(20)}):
            book.do(RecordPayment, reference="p", changes=changes, new_id=book.new_id)
        assert [event.name for event in book.events].count("order.payment_recorded") == 2
        found = balance(book.order.content, book.order.payments, book.order.refunds)
        assert (found.authorized, found.captured, found.refundable, found.owed) == (D("43.5"), 20, 20, D("23.5"))
        with pytest.raises(Invalid):
            book.do(RecordPayment, reference="p", changes={"refunded": D(21)}, new_id=book.new_id)

    def test_payments_in_another_currency_pay_nothing_and_fractions_are_not_refunded(self) -> None:
        book = shipped_book()
        book.do(RecordPayment, reference="p", changes={"currency": "CAD", "captured": D(50)}, new_id=book.new_id)
        found = balance(book.order.content, book.order.payments, ())
        assert (found.captured, found.refundable, found.owed) == (0, 0, D("43.5"))
        book.do(RecordPayment, reference="q", changes={"captured": D("10.005")}, new_id=book.new_id)
        assert balance(book.order.content, book.order.payments, ()).refundable == 10

    def test_what_a_provider_has_refunded_is_not_refunded_again(self) -> None:
        book = shipped_book()
        book.do(RecordPayment, reference="p", changes={"captured": D("43.5"), "refunded": D(40)}, new_id=book.new_id)
        with pytest.raises(Invalid) as refused:
            book.do(RefundOrder, amount=D(4), new_id=book.new_id)
        assert refused.value.facts["left"] == "3.50"
        book.do(RefundOrder, amount=D(3), new_id=book.new_id)  # the report of it comes later
        assert balance(book.order.content, book.order.payments, book.order.refunds).refunded == 40


class TestAnySequence:
    @given(st.integers(0, 2**32), st.sampled_from(["USD", "JPY", "KWD"]), st.booleans())
    def test_numbers_stay_sound_and_a_full_return_ends_at_zero(self, seed: int, currency: str, included: bool) -> None:
        luck = Random(seed)
        content = {
            "currency": currency, "tax_included": included, "totals": None,
            "charges": (Charge("tax", D(luck.randint(0, 999))), Charge("discount", D(luck.randint(0, 9)), rate=D(3))),
        }  # fmt: skip
        book = shipped_book(**content)
        lines = tuple(
            line.__class__(line.quantity, sku=line.sku, unit_price=D(luck.randint(1, 99)))
            for line in book.order.content.lines
        )
        book.order = msgspec.structs.replace(
            book.order, content=msgspec.structs.replace(book.order.content, lines=lines)
        )
        for _ in range(30):
            one = luck.choice([each.return_id for each in book.order.returns] or [0])
            units = {luck.randrange(2): luck.randint(1, 2)}
            commands = (
                lambda: requested(book, lines=units),
                lambda: book.do(ReceiveReturn, return_id=one, lines=units),
                lambda: book.do(JudgeReturn, return_id=one, scrap=units),
                lambda: book.do(CancelReturn, return_id=one),
                lambda: book.do(CancelOrder, lines=units),
                lambda: book.do(RefundOrder, return_id=one, new_id=book.new_id),
            )
            try:
                luck.choice(commands)()
            except Refusal:
                book.check()
            assert all(line.is_sound() for each in book.order.returns for line in each.lines)
            state = balance(book.order.content, book.order.payments, book.order.refunds)
            assert 0 <= state.refunded <= state.captured
        done = {line: sum(u for r in book.order.refunds for k, u in r.lines if k == line) for line in range(2)}
        rest = {line: units - done[line] for line, units in ((0, 3), (1, 1)) if units > done[line]}
        if rest:
            try:
                book.do(RefundOrder, lines=rest, new_id=book.new_id)
            except Invalid as refused:
                assert refused.faults[0].reason == "there is nothing to refund"
        assert balance(book.order.content, book.order.payments, book.order.refunds).refundable == 0
