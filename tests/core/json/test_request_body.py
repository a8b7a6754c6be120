"""Reading a foreign body: its shape or every fault with its path, whatever the rules say, and what it needs."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.json.request_body import EntityReference, decode_body, duplicates_in, parse_body, validate
from crossdock.core.json.strict_json import FAULTS_LIMIT
from crossdock.core.json.validation import unchecked
from crossdock.core.json.value_types import Country, Date, NonEmpty, Number, Quantity
from tests.core.documents import trees

TWICE = "must not be given twice"
TEXT = "must not hold NUL or half a surrogate pair"
NUMBER = "must be a number of at most 40 digits and below 1e40"


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(Struct):
    sku: NonEmpty
    quantity: Quantity
    origin: Country | None = None


class Whole(Struct, rename="camel"):
    number: Annotated[str, Meta(min_length=1, max_length=5)]
    kind: Literal["gift", "sale"]
    parts: Annotated[list[Part], Meta(min_length=1, max_length=3)]
    main_part: Part | None = None
    price: Number | None = None
    is_gift: bool = False
    due: Date | None = None
    counts: dict[str, int] | None = None
    tags: list[str] | None = None
    countries: list[Country] = []
    place: int | Country | None = None
    color: Color | None = None
    code: Annotated[str, Meta(pattern="^[a-z]+$")] | None = None


class Described(Struct):
    """Types with descriptions, which may stand on a member's whole type or on a part of it."""

    optional: Annotated[Country | None, Meta(description="a country")] = None
    inner: Annotated[Country, Meta(description="a country")] | None = None
    part: Annotated[Part | None, Meta(description="a part")] = None
    parts: Annotated[list[Annotated[Part, Meta(description="a part")]], Meta(description="parts", min_length=1)] = []
    countries: Annotated[list[Country] | None, Meta(description="countries")] = None


GOOD: dict[str, Any] = {"number": "A1", "kind": "gift", "parts": [{"sku": "x", "quantity": 1}]}


def found(tree: Any, shape: Any = Whole, *rules: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(Invalid) as caught:
        validate(tree, shape, *rules)
    assert caught.value.code is Code.INVALID
    return [(*fault.path, fault.reason) for fault in caught.value.faults]


class TestChecked:
    def test_checked_gives_the_typed_shape(self) -> None:
        typed = validate(GOOD | {"price": Decimal("1.50"), "mainPart": {"sku": "y", "quantity": 2}}, Whole)
        assert typed.parts == [Part("x", 1)]
        assert typed.main_part == Part("y", 2)
        assert str(typed.price) == "1.50"

    @pytest.mark.parametrize("name", ["mainPart", "price", "due", "counts", "tags", "color", "code"])
    def test_checked_accepts_null_for_what_is_optional(self, name: str) -> None:
        assert validate(GOOD | {name: None}, Whole) == validate(GOOD, Whole)

    def test_checked_passes_over_members_it_does_not_know(self) -> None:
        assert validate(GOOD | {"more": {"number": 7}}, Whole) == validate(GOOD, Whole)

    @pytest.mark.parametrize(
        ("change", "fault"),
        [
            ({"number": 7}, ("number", "must be a string, not the number '7'")),
            ({"number": None}, ("number", "must be a string, not null")),
            ({"number": ["a"]}, ("number", "must be a string, not an array")),
            ({"number": ""}, ("number", "must not be empty")),
            ({"number": "123456"}, ("number", "must have at most 5 characters, not 6")),
            ({"kind": "loan"}, ("kind", "must be one of gift, sale, not 'loan'")),
            ({"kind": None}, ("kind", "must be one of gift, sale, not 'None'")),
            ({"place": "Oz"}, ("place", "must be an ISO 3166-1 alpha-2 country code, not 'Oz'")),
            ({"place": []}, ("place", "must be a whole number or a string, not an array")),
            ({"parts": []}, ("parts", "must have at least 1 element")),
            ({"parts": GOOD["parts"] * 4}, ("parts", "must have at most 3 elements")),
            ({"parts": {}}, ("parts", "must be an array, not an object")),
            ({"parts": None}, ("parts", "must be an array, not null")),
            ({"parts": ["a"]}, ("parts", 0, "must be an object, not a string")),
            ({"parts": [{"quantity": 1}]}, ("parts", 0, "sku", "is required")),
            ({"parts": [{"sku": "", "quantity": 1}]}, ("parts", 0, "sku", "must not be empty")),
            ({"parts": [{"sku": "x", "quantity": 0}]}, ("parts", 0, "quantity", "must be at least 1, not 0")),
            (
                {"parts": [{"sku": "x", "quantity": 2**31}]},
                ("parts", 0, "quantity", "must be at most 2147483647, not 2147483648"),
            ),
            (
                {"parts": [{"sku": "x", "quantity": 10**30}]},
                ("parts", 0, "quantity", f"must be at most 2147483647, not {10**30}"),
            ),
            (
                {"parts": [{"sku": "x", "quantity": Decimal("1.01")}]},
                ("parts", 0, "quantity", "must be a whole number, not the number '1.01'"),
            ),
            (
                {"parts": [{"sku": "x", "quantity": True}]},
                ("parts", 0, "quantity", "must be a whole number, not true"),
            ),
            (
                {"parts": [{"sku": "x", "quantity": "1"}]},
                ("parts", 0, "quantity", "must be a whole number, not a string"),
            ),
            ({"mainPart": 1}, ("mainPart", "must be an object, not the number '1'")),
            ({"mainPart": {"sku": "x"}}, ("mainPart", "quantity", "is required")),
            ({"price": "1"}, ("price", "must be a number, not a string")),
            ({"price": True}, ("price", "must be a number, not true")),
            ({"isGift": 1}, ("isGift", "must be true or false, not the number '1'")),
            ({"isGift": None}, ("isGift", "must be true or false, not null")),
            ({"isGift": "true"}, ("isGift", "must be true or false, not a string")),
            ({"due": "2026-02-30"}, ("due", "must be a date such as 2026-01-30, not '2026-02-30'")),
            ({"due": 20260130}, ("due", "must be a string, not the number '20260130'")),
            ({"counts": {"a": "b"}}, ("counts", "a", "must be a whole number, not a string")),
            ({"counts": []}, ("counts", "must be an object, not an array")),
            ({"tags": ["a", None]}, ("tags", 1, "must be a string, not null")),
            ({"countries": ["US", "XX"]}, ("countries", 1, "must be an ISO 3166-1 alpha-2 country code, not 'XX'")),
            ({"color": "green"}, ("color", "must be one of red, blue, not 'green'")),
            ({"code": "A"}, ("code", "must match ^[a-z]+$, not 'A'")),
        ],
    )
    def test_checked_says_what_would_be_right(self, change: dict[str, Any], fault: tuple[Any, ...]) -> None:
        assert found(GOOD | change) == [fault]

    @pytest.mark.parametrize(
        ("tree", "path"),
        [
            ({"optional": "XX"}, ("optional",)),
            ({"inner": "XX"}, ("inner",)),
            ({"part": {"sku": "x", "quantity": 1, "origin": "XX"}}, ("part", "origin")),
            ({"parts": [{"sku": "x", "quantity": 1, "origin": "XX"}]}, ("parts", 0, "origin")),
            ({"countries": ["CA", "XX"]}, ("countries", 1)),
        ],
    )
    def test_checked_applies_rules_to_members_with_a_description(self, tree: Any, path: tuple[Any, ...]) -> None:
        assert found(tree, Described) == [(*path, "must be an ISO 3166-1 alpha-2 country code, not 'XX'")]

    @pytest.mark.parametrize("tree", [None, 1, "a", [], True, Decimal("1.5")])
    def test_checked_wants_an_object_at_the_top(self, tree: Any) -> None:
        (fault,) = found(tree)
        assert fault[0].startswith("must be an object, not ")

    def test_checked_names_every_fault_at_once_in_the_order_of_the_shape(self) -> None:
        tree = {
            "kind": "loan",
            "parts": [{"sku": "", "origin": "USA"}, GOOD["parts"][0], {"sku": 1, "quantity": -1}],
            "mainPart": {"quantity": "1"},
            "price": [],
            "due": "soon",
        }
        assert [fault[:-1] for fault in found(tree)] == [
            ("number",),
            ("kind",),
            ("parts", 0, "sku"),
            ("parts", 0, "quantity"),
            ("parts", 0, "origin"),
            ("parts", 2, "sku"),
            ("parts", 2, "quantity"),
            ("mainPart", "sku"),
            ("mainPart", "quantity"),
            ("price",),
            ("due",),
        ]

    def test_checked_shortens_a_long_value_it_shows(self) -> None:
        (fault,) = found(GOOD | {"due": "x" * 1000})
        assert len(fault[-1]) < 120

    def test_checked_names_at_most_a_hundred_faults(self) -> None:
        assert len(found(GOOD | {"tags": [0] * 300})) == FAULTS_LIMIT

    def test_checked_asks_the_rules_of_the_whole_document(self) -> None:
        tree = GOOD | {"parts": [{"sku": "x", "quantity": 1}, {"sku": "y", "quantity": 1}, {"sku": "x", "quantity": 2}]}
        assert found(tree, Whole, lambda given: duplicates_in(given, "parts", "sku")) == [
            ("parts", 2, "sku", "must be unique, 'x' is there already")
        ]

    def test_checked_adds_the_faults_of_rules_to_those_of_the_shape_but_not_for_one_path_twice(self) -> None:
        def strict(_: Any) -> list[Fault]:
            return [Fault(("number",), "is silly"), Fault(("kind",), "is silly")]

        assert found(GOOD | {"number": ""}, Whole, strict) == [("number", "must not be empty"), ("kind", "is silly")]

    @given(trees)
    def test_checked_either_types_a_tree_or_names_a_fault(self, tree: Any) -> None:
        try:
            assert isinstance(validate(tree, Whole), Whole)
        except Invalid as invalid:
            assert invalid.faults

    @given(st.sampled_from(sorted(Whole.__struct_encode_fields__)), trees)
    def test_checked_either_types_any_member_or_names_a_fault_at_or_below_it(self, name: str, value: Any) -> None:
        try:
            validate(GOOD | {name: value}, Whole)
        except Invalid as invalid:
            assert invalid.faults
            assert {fault.path[0] for fault in invalid.faults} == {name}


def natural(whole: Whole) -> tuple[str, ...]:
    return (whole.number,)


class TestTake:
    def test_take_gives_tree_shape_key_and_needs(self) -> None:
        need = EntityReference("product", "x", ("parts", 0, "sku"))
        reading = parse_body(msgspec.json.encode(GOOD), Whole, natural=natural, references=lambda _: (need,))
        assert reading.tree == GOOD
        assert reading.shape == validate(GOOD, Whole)
        assert (reading.faults, reading.natural, reading.references) == ((), ("A1",), (need,))

    def test_take_names_faults_of_the_json_and_of_the_shape_together(self) -> None:
        raw = b'{"kind":"gift","kind":"gift","number":NaN,"parts":[{"sku":"\\u0000","quantity":0}],"tags":[1e400,1]}'
        reading = parse_body(raw, Whole, natural=natural)
        assert reading.shape is None
        assert reading.natural == ()
        assert sorted(map(str, ([*fault.path, fault.reason] for fault in reading.faults))) == sorted(
            map(
                str,
                [
                    ["kind", TWICE],
                    ["number", NUMBER],
                    ["parts", 0, "sku", TEXT],
                    ["parts", 0, "quantity", "must be at least 1, not 0"],
                    ["tags", 0, NUMBER],
                    ["tags", 1, "must be a string, not the number '1'"],
                ],
            )
        )

    def test_take_names_faults_of_the_json_alone(self) -> None:
        reading = parse_body(b'{"more":[{"a":1,"a":2}],' + msgspec.json.encode(GOOD)[1:], Whole, natural=natural)
        assert reading.shape is None
        assert reading.faults == (Fault(("more", 0, "a"), TWICE),)

    def test_take_tells_needs_of_a_body_with_faults(self) -> None:
        needs = (EntityReference("product", "x", ()),)
        assert parse_body(b"{}", Whole, natural=natural, references=lambda _: needs).references == needs

    def test_take_names_at_most_a_hundred_faults(self) -> None:
        raw = b'{"parts":[' + b",".join([b'{"sku":NaN}'] * 90) + b"]}"
        assert len(parse_body(raw, Whole, natural=natural).faults) == FAULTS_LIMIT

    @pytest.mark.parametrize(
        "raw",
        [
            b'{"due":"\\ud800"}',
            b'{"kind":"\\udc00"}',
            b'{"color":"\\udc00"}',
            b'{"\\ud800":1}',
            b'{"mainPart":{"\\ud800":{"a":NaN}}}',
            b'{"counts":{"\\ud800":"x"}}',
        ],
    )
    def test_take_names_faults_of_unfit_text_so_that_they_can_be_written_down(self, raw: bytes) -> None:
        reading = parse_body(raw, Whole, natural=natural)
        assert reading.shape is None
        assert msgspec.json.encode(reading.faults)

    @pytest.mark.parametrize(("raw", "code"), [(b"{", Code.NOT_JSON), (b"[" * 65, Code.TOO_DEEP)])
    def test_take_refuses_what_cannot_be_read_at_all(self, raw: bytes, code: Code) -> None:
        with pytest.raises(Invalid) as caught:
            parse_body(raw, Whole, natural=natural)
        assert caught.value.code is code


class TestRead:
    def test_read_gives_the_shape(self) -> None:
        assert decode_body(msgspec.json.encode(GOOD), Whole) == validate(GOOD, Whole)

    def test_read_refuses_with_the_faults(self) -> None:
        with pytest.raises(Invalid) as caught:
            decode_body(b'{"kind":"gift","parts":[]}', Whole)
        assert [fault.path for fault in caught.value.faults] == [("number",), ("parts",)]


class TestUnchecked:
    def test_unchecked_builds_the_shape_from_values_a_sender_may_not_use(self) -> None:
        tree = {"number": "", "parts": [{"sku": "", "quantity": 0, "origin": "XX"}], "due": "soon", "mainPart": {}}
        made = unchecked(tree, Whole)
        assert made.number == ""
        assert made.kind is None
        assert made.parts == [Part("", 0, "XX")]
        assert made.due == "soon"
        assert made.main_part is not None
        assert made.main_part.sku is None

    def test_unchecked_builds_what_checking_builds_from_a_good_tree(self) -> None:
        tree = GOOD | {"mainPart": {"sku": "y", "quantity": 2}, "counts": {"a": 1}, "price": Decimal("1.5")}
        assert unchecked(tree, Whole) == validate(tree, Whole)


class TestNumbers:
    @pytest.mark.parametrize("written", ["2.0", "2e0", "20e-1", "2.000"])
    def test_a_whole_number_may_be_written_with_a_fraction_of_zero(self, written: str) -> None:
        raw = b'{"number": "A1", "kind": "gift", "counts": {"a": 3.0}, "parts": [{"sku": "x", "quantity": %s}]}'
        body = parse_body(raw % written.encode(), Whole, natural=lambda body: (body.number,))
        assert body.faults == ()
        assert (body.shape.parts[0].quantity, body.tree["parts"][0]["quantity"]) == (2, 2)
        assert type(body.tree["parts"][0]["quantity"]) is type(body.tree["counts"]["a"]) is int

    def test_a_fraction_is_still_refused_where_a_whole_number_belongs(self) -> None:
        reasons = found(GOOD | {"parts": [{"sku": "x", "quantity": Decimal("2.5")}]})
        assert reasons == [("parts", 0, "quantity", "must be a whole number, not the number '2.5'")]

    def test_a_number_where_text_belongs_is_refused(self) -> None:
        assert found(GOOD | {"number": 36}) == [("number", "must be a string, not the number '36'")]

    def test_a_number_becomes_text_where_a_format_says_so(self) -> None:
        raw = (
            b'{"number": 36, "kind": "gift", "tags": [1, 2.50], "price": 1.50, "parts": [{"sku": 1e2, "quantity": 1}]}'
        )
        body = parse_body(raw, Whole, natural=lambda body: (body.number,), numbers_as_text=True)
        assert (body.faults, body.natural) == ((), ("36",))
        assert body.shape.tags == ["1", "2.50"]
        assert body.shape.parts[0].sku == "1E+2"
        assert body.tree["price"] == Decimal("1.50")
        assert body.is_normalized

    def test_a_body_whose_numbers_fit_is_not_normalized(self) -> None:
        body = parse_body(msgspec.json.encode(GOOD), Whole, natural=lambda body: (body.number,), numbers_as_text=True)
        assert (body.faults, body.is_normalized) == ((), False)

    def test_a_call_may_take_numbers_as_text_too(self) -> None:
        raw = b'{"sku": 7, "quantity": 1}'
        assert decode_body(raw, Part, numbers_as_text=True) == Part("7", 1)
        with pytest.raises(Invalid):
            decode_body(raw, Part)

    def test_true_is_never_text(self) -> None:
        raw = b'{"number": true, "kind": "gift", "parts": [{"sku": "x", "quantity": 1}]}'
        body = parse_body(raw, Whole, natural=lambda body: (body.number,), numbers_as_text=True)
        assert body.faults == (Fault(("number",), "must be a string, not true"),)


class TestByteOrderMark:
    def test_a_body_may_begin_with_a_byte_order_mark(self) -> None:
        assert decode_body(b'\xef\xbb\xbf{"sku": "x", "quantity": 1}', Part) == Part("x", 1)
