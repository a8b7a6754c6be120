"""Reading a foreign body: strict JSON, every fault with its path, nothing lost or guessed."""

import subprocess
import sys
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from crossdock.core.errors import Code, Fault, Invalid
from crossdock.core.formats import Country, Date, Filled, Number, Quantity
from crossdock.core.reading import (
    DEPTH_LIMIT,
    DIGITS_LIMIT,
    FAULTS_LIMIT,
    Need,
    checked,
    parse,
    read,
    reparse,
    repeated,
    take,
    unchecked,
)

TWICE = "must not be given twice"
TEXT = "must not hold NUL or half a surrogate pair"
NAME = "has a member name with NUL or half a surrogate pair in it"
NUMBER = "must be a number of at most 40 digits and below 1e40"


def refusal(raw: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        parse(raw)
    return caught.value


def faults_of(raw: bytes) -> list[tuple[Any, ...]]:
    refused = refusal(raw)
    assert refused.code is Code.INVALID
    return [(*fault.path, fault.reason) for fault in refused.faults]


def exact(tree: Any) -> Any:
    """Make a tree comparable to the digit: 1, 1.0 and true differ, member order does not matter."""
    if isinstance(tree, dict):
        return {name: exact(child) for name, child in tree.items()}
    if isinstance(tree, list):
        return [exact(child) for child in tree]
    return type(tree).__name__, str(tree)


# ------------------------------------------------------------------------------------------------ random JSON documents
SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from('":\\,{}[]'))
whole = st.integers(-(10**39), 10**39)
fractional = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.integers(0, 1),
    st.integers(0, 10**25),
    st.integers(-30, -1) | st.integers(1, 9),
)
leaves = st.none() | st.booleans() | whole | fractional | strings
trees = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4), max_leaves=20
)


class Scribe:
    """Spells a tree as JSON with random white space and escapes, and one member of the object at `twice` two times."""

    def __init__(self, random: Random, twice: tuple[Any, ...] | None = None) -> None:
        self.random = random
        self.twice = twice

    def space(self) -> str:
        return "".join(self.random.choices(" \t\n\r", k=self.random.choice((0, 0, 0, 1, 2))))

    def sign(self, sign: str) -> str:
        way = self.random.randrange(4)
        if sign in SHORT_ESCAPES and (way == 0 or sign in '"\\'):
            return SHORT_ESCAPES[sign]
        if way == 1 or sign < " ":
            encoded = sign.encode("utf-16-be")
            units = [encoded[start : start + 2].hex() for start in range(0, len(encoded), 2)]
            return "".join("\\u" + (unit.upper() if self.random.random() < 0.5 else unit) for unit in units)
        return sign

    def text(self, text: str) -> str:
        return '"' + "".join(map(self.sign, text)) + '"'

    def value(self, tree: Any, path: tuple[Any, ...] = ()) -> str:
        if isinstance(tree, dict):
            members = [(name, child, (*path, name)) for name, child in tree.items()]
            if path == self.twice:
                members.insert(self.random.randrange(len(members) + 1), (*self.random.choice(members)[:1], 7, ("x",)))
            spelled = [
                f"{self.space()}{self.text(name)}{self.space()}:{self.value(child, inner)}"
                for name, child, inner in members
            ]
            text = "{" + (",".join(spelled) or self.space()) + "}"
        elif isinstance(tree, list):
            inner = ",".join(self.value(child, (*path, place)) for place, child in enumerate(tree))
            text = "[" + (inner or self.space()) + "]"
        elif isinstance(tree, str):
            text = self.text(tree)
        else:
            text = {None: "null", True: "true", False: "false"}[tree] if _is_word(tree) else str(tree)
        return self.space() + text + self.space()


def _is_word(tree: Any) -> bool:
    return tree is None or isinstance(tree, bool)


def objects(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List the paths of all objects that have members."""
    found: list[tuple[Any, ...]] = [path] if isinstance(tree, dict) and tree else []
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, child in below:
        found += objects(child, (*path, name))
    return found


class TestParse:
    @given(trees, st.randoms(use_true_random=False))
    def test_gives_any_value_back_however_it_is_spelled(self, tree: Any, random: Random) -> None:
        raw = Scribe(random).value(tree).encode()
        assert exact(parse(raw)) == exact(tree)

    @given(trees, st.randoms(use_true_random=False))
    def test_is_repeated_without_its_proofs_to_the_digit(self, tree: Any, random: Random) -> None:
        raw = Scribe(random).value(tree).encode()
        assert exact(reparse(raw)) == exact(parse(raw))

    @given(trees, st.randoms(use_true_random=False))
    def test_names_a_member_given_twice_wherever_it_is(self, tree: Any, random: Random) -> None:
        tree = {"top": tree}
        twice = random.choice(objects(tree))
        refused = refusal(Scribe(random, twice).value(tree).encode())
        assert refused.code is Code.INVALID
        assert [fault.reason for fault in refused.faults] == [TWICE]
        assert refused.faults[0].path[:-1] == twice

    @pytest.mark.parametrize(
        ("raw", "path"),
        [
            (b'{"a":1,"a":1}', ("a",)),
            (b'{"a":1,"a" :2}', ("a",)),
            (b'{"a"\t:1,"a"\n:2}', ("a",)),
            (b'{"a"\r\n :1,"a":2}', ("a",)),
            (b'{"a":1,"\\u0061":2}', ("a",)),
            (b'{"\\u0061":1,"\\u0061":2}', ("a",)),
            (b'{"/":1,"\\/":2}', ("/",)),
            (b'{"\\ud83d\\ude00":1,"\xf0\x9f\x98\x80":2}', ("\U0001f600",)),
            (b'{"":1,"":2}', ("",)),
            (b'{"a":{"b":[0,{"c":1,"c":2}]}}', ("a", "b", 1, "c")),
            (b'[[{"a":{"a":1,"a":2}}]]', (0, 0, "a", "a")),
            (b'{"a":"\\":","b":1,"b":":\\""}', ("b",)),
            (b'{"a":"\\u0022:","b":1,"b":2}', ("b",)),
            (b'{"a":"\\"\\u003a","b":1,"b":2}', ("b",)),
            (b'{"\\":":1,"\\":":2}', ('":',)),
            (b'{"a":":","a":":"}', ("a",)),
        ],
    )
    def test_refuses_a_duplicate_member(self, raw: bytes, path: tuple[Any, ...]) -> None:
        assert faults_of(raw) == [(*path, TWICE)]

    def test_names_each_repetition(self) -> None:
        assert faults_of(b'{"a":1,"a":2,"a":3,"b":{"c":1,"c":1}}') == [("a", TWICE), ("a", TWICE), ("b", "c", TWICE)]

    @pytest.mark.parametrize(
        ("raw", "tree"),
        [
            (b'{"a":{"a":1},"b":[{"a":1},{"a":2}]}', {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}),
            (b'{"a":"\\":","\\":":1}', {"a": '":', '":': 1}),
            (b'{"a":"\\u0022:"}', {"a": '":'}),
            (b'{"a":":a","A":1}', {"a": ":a", "A": 1}),
            (b'{"a" : 1}', {"a": 1}),
            (b'{"a":"b : c"}', {"a": "b : c"}),
        ],
    )
    def test_does_not_take_text_for_a_duplicate(self, raw: bytes, tree: Any) -> None:
        assert parse(raw) == tree

    @pytest.mark.parametrize(
        ("raw", "faults"),
        [
            (b'"\\ud800"', [(TEXT,)]),
            (b'"\\udc00"', [(TEXT,)]),
            (b'["\\ud800\\ud800"]', [(0, TEXT)]),
            (b'{"a":"x\\uDC00\\uD83Dx"}', [("a", TEXT)]),
            (b'"\xed\xa0\x80"', [(TEXT,)]),
            (b'{"a":"\\u0000"}', [("a", TEXT)]),
            (b'{"a":{"\\ud800":1}}', [("a", NAME)]),
            (b'{"a":{"b\\u0000":1}}', [("a", NAME)]),
        ],
    )
    def test_refuses_text_that_cannot_be_stored(self, raw: bytes, faults: list[tuple[Any, ...]]) -> None:
        assert faults_of(raw) == faults

    @pytest.mark.parametrize(
        "raw", [b'{"\\ud800":"\\u0000"}', b'{"\\ud800":1,"\\ud800":1}', b'{"\\udfff":{"a":1,"a":1}}']
    )
    def test_names_faults_below_an_unfit_name_so_that_they_can_be_written_down(self, raw: bytes) -> None:
        assert msgspec.json.encode(refusal(raw).faults)

    def test_takes_a_whole_surrogate_pair(self) -> None:
        assert parse(b'{"\\ud83d\\ude00":"\\uD83D\\uDE00"}') == {"\U0001f600": "\U0001f600"}

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_refuses_what_is_no_number(self, word: str) -> None:
        assert faults_of(f'{{"a":[{word}]}}'.encode()) == [("a", 0, NUMBER)]

    @pytest.mark.parametrize(
        "number",
        ["1e400", "1E400", "-1e400", "1e-400", "1e40", "0e41", "1e999999999", "1e99999999999999999999", "9" * 400,
         "-" + "9" * 400, "9" * (DIGITS_LIMIT + 1), "0." + "1" * (DIGITS_LIMIT + 1), "0." + "0" * 400 + "1"],
    )  # fmt: skip
    def test_refuses_a_number_out_of_range(self, number: str) -> None:
        assert faults_of(f'{{"a":{number},"b":1}}'.encode()) == [("a", NUMBER)]

    @pytest.mark.parametrize(
        ("raw", "value"),
        [
            ("0", 0),
            ("-0", 0),
            ("25", 25),
            ("9223372036854775808", 2**63),
            ("18446744073709551616", 2**64),
            ("9" * DIGITS_LIMIT, int("9" * DIGITS_LIMIT)),
            ("1.0", Decimal("1.0")),
            ("-0.0", Decimal("-0.0")),
            ("0.10", Decimal("0.10")),
            ("1E+2", Decimal("1E+2")),
            ("1e2", Decimal("1E+2")),
            ("1e39", Decimal("1E+39")),
            ("1e-40", Decimal("1E-40")),
            ("0." + "1" * DIGITS_LIMIT, Decimal("0." + "1" * DIGITS_LIMIT)),
            ("0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        ],
    )
    def test_keeps_every_digit_of_a_number(self, raw: str, value: Any) -> None:
        assert exact(parse(raw.encode())) == exact(value)

    @pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
    def test_takes_the_deepest_nesting_and_nothing_deeper(self, opened: str, closed: str) -> None:
        def nested(depth: int) -> bytes:
            return (opened * depth + "1" + closed * depth).encode()

        assert parse(nested(DEPTH_LIMIT)) is not None
        for depth in (DEPTH_LIMIT + 1, 10_000):
            refused = refusal(nested(depth))
            assert refused.code is Code.TOO_DEEP
            assert refused.facts == {"limit": DEPTH_LIMIT}
        assert refusal((opened * 10_000).encode()).code is Code.TOO_DEEP

    def test_does_not_count_braces_in_strings_as_depth(self) -> None:
        text = '[{"' * 500 + "\\"
        assert parse(msgspec.json.encode({"a": [text, text], text: {}})) == {"a": [text, text], text: {}}

    def test_does_not_count_neighbors_as_depth(self) -> None:
        assert parse(b"[" + b",".join([b"{}"] * 500) + b"]") == [{}] * 500

    def test_answers_to_an_endless_string_after_many_braces(self) -> None:
        # A search that begins again at each quote takes minutes for these 200 kB; the child's time-out is a safeguard.
        script = (
            "from crossdock.core.reading import parse\n"
            "from crossdock.core.errors import Invalid\n"
            "try:\n    parse(b'[' * 65 + b'\"' + b'\\\\\"' * 100_000)\n"
            "except Invalid as refused:\n    print(refused.code)\n"
        )
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
        assert ran.stdout.strip() in (Code.TOO_DEEP, Code.NOT_JSON)

    @pytest.mark.parametrize(
        "raw",
        [b"", b" \r\n\t", b"\xef\xbb\xbf{}", b'{"a":"\xff"}', b'{"\xc3":1}', b"{} x", b"{}{}", b"1 2", b"// a\n{}",
         b"{/* a */}", b'{"a":1,}', b"[1,]", b"{'a':1}", b"{a:1}", b"01", b"1.", b".5", b"+1", b"- 1", b'"a\nb"',
         b'"\x00"', b"{}\x00", b'"\\x41"', b'"\\u12"', b"True", b"undefined", b"\x0b1", b"\xc2\xa0{}", b'{"a":1',
         b'"a', b"[", b"]", '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32")],
    )  # fmt: skip
    def test_refuses_what_is_not_json_and_says_why(self, raw: bytes) -> None:
        refused = refusal(raw)
        assert refused.code is Code.NOT_JSON
        assert [fault.path for fault in refused.faults] == [()]
        assert refused.faults[0].reason == refused.reason
        assert refused.reason.startswith("the body is ")

    def test_says_that_an_empty_body_is_empty(self) -> None:
        assert refusal(b"").reason == "the body is empty"

    def test_names_at_most_a_hundred_faults(self) -> None:
        assert len(faults_of(b"[" + b",".join([b"NaN"] * 300) + b"]")) == FAULTS_LIMIT


# ----------------------------------------------------------------------------------------------------------- the shapes
class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(Struct):
    sku: Filled
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
    color: Color | None = None
    code: Annotated[str, Meta(pattern="^[a-z]+$")] | None = None


GOOD: dict[str, Any] = {"number": "A1", "kind": "gift", "parts": [{"sku": "x", "quantity": 1}]}


def found(tree: Any, shape: Any = Whole, *rules: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(Invalid) as caught:
        checked(tree, shape, *rules)
    assert caught.value.code is Code.INVALID
    return [(*fault.path, fault.reason) for fault in caught.value.faults]


class TestChecked:
    def test_gives_the_typed_shape(self) -> None:
        typed = checked(GOOD | {"price": Decimal("1.50"), "mainPart": {"sku": "y", "quantity": 2}}, Whole)
        assert typed.parts == [Part("x", 1)]
        assert typed.main_part == Part("y", 2)
        assert str(typed.price) == "1.50"

    @pytest.mark.parametrize("name", ["mainPart", "price", "due", "counts", "tags", "color", "code"])
    def test_accepts_null_for_what_is_optional(self, name: str) -> None:
        assert checked(GOOD | {name: None}, Whole) == checked(GOOD, Whole)

    def test_passes_over_members_it_does_not_know(self) -> None:
        assert checked(GOOD | {"more": {"number": 7}}, Whole) == checked(GOOD, Whole)

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
                {"parts": [{"sku": "x", "quantity": Decimal("1.0")}]},
                ("parts", 0, "quantity", "must be a whole number, not the number '1.0'"),
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
    def test_says_what_would_be_right(self, change: dict[str, Any], fault: tuple[Any, ...]) -> None:
        assert found(GOOD | change) == [fault]

    @pytest.mark.parametrize("tree", [None, 1, "a", [], True, Decimal("1.5")])
    def test_wants_an_object_at_the_top(self, tree: Any) -> None:
        (fault,) = found(tree)
        assert fault[0].startswith("must be an object, not ")

    def test_names_every_fault_at_once_in_the_order_of_the_shape(self) -> None:
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

    def test_shortens_a_long_value_it_shows(self) -> None:
        (fault,) = found(GOOD | {"due": "x" * 1000})
        assert len(fault[-1]) < 120

    def test_names_at_most_a_hundred_faults(self) -> None:
        assert len(found(GOOD | {"tags": [0] * 300})) == FAULTS_LIMIT

    def test_asks_the_rules_of_the_whole_document(self) -> None:
        tree = GOOD | {"parts": [{"sku": "x", "quantity": 1}, {"sku": "y", "quantity": 1}, {"sku": "x", "quantity": 2}]}
        assert found(tree, Whole, lambda given: repeated(given, "parts", "sku")) == [
            ("parts", 2, "sku", "must be unique, 'x' is there already")
        ]

    def test_adds_the_faults_of_rules_to_those_of_the_shape_but_not_for_one_path_twice(self) -> None:
        def strict(_: Any) -> list[Fault]:
            return [Fault(("number",), "is silly"), Fault(("kind",), "is silly")]

        assert found(GOOD | {"number": ""}, Whole, strict) == [("number", "must not be empty"), ("kind", "is silly")]

    @given(trees)
    def test_either_types_a_tree_or_names_a_fault(self, tree: Any) -> None:
        try:
            assert isinstance(checked(tree, Whole), Whole)
        except Invalid as invalid:
            assert invalid.faults

    @given(st.sampled_from(sorted(Whole.__struct_encode_fields__)), trees)
    def test_either_types_any_member_or_names_a_fault_at_or_below_it(self, name: str, value: Any) -> None:
        try:
            checked(GOOD | {name: value}, Whole)
        except Invalid as invalid:
            assert invalid.faults
            assert {fault.path[0] for fault in invalid.faults} == {name}


def natural(whole: Whole) -> tuple[str, ...]:
    return (whole.number,)


class TestTake:
    def test_gives_tree_shape_key_and_needs(self) -> None:
        need = Need("product", "x", ("parts", 0, "sku"))
        reading = take(msgspec.json.encode(GOOD), Whole, natural=natural, needs=lambda _: (need,))
        assert reading.tree == GOOD
        assert reading.shape == checked(GOOD, Whole)
        assert (reading.faults, reading.natural, reading.needs) == ((), ("A1",), (need,))

    def test_names_faults_of_the_json_and_of_the_shape_together(self) -> None:
        raw = b'{"kind":"gift","kind":"gift","number":NaN,"parts":[{"sku":"\\u0000","quantity":0}],"tags":[1e400,1]}'
        reading = take(raw, Whole, natural=natural)
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

    def test_names_faults_of_the_json_alone(self) -> None:
        reading = take(b'{"more":[{"a":1,"a":2}],' + msgspec.json.encode(GOOD)[1:], Whole, natural=natural)
        assert reading.shape is None
        assert reading.faults == (Fault(("more", 0, "a"), TWICE),)

    def test_tells_needs_of_a_body_with_faults(self) -> None:
        needs = (Need("product", "x", ()),)
        assert take(b"{}", Whole, natural=natural, needs=lambda _: needs).needs == needs

    def test_names_at_most_a_hundred_faults(self) -> None:
        raw = b'{"parts":[' + b",".join([b'{"sku":NaN}'] * 90) + b"]}"
        assert len(take(raw, Whole, natural=natural).faults) == FAULTS_LIMIT

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
    def test_names_faults_of_unfit_text_so_that_they_can_be_written_down(self, raw: bytes) -> None:
        reading = take(raw, Whole, natural=natural)
        assert reading.shape is None
        assert msgspec.json.encode(reading.faults)

    @pytest.mark.parametrize(("raw", "code"), [(b"{", Code.NOT_JSON), (b"[" * 65, Code.TOO_DEEP)])
    def test_refuses_what_cannot_be_read_at_all(self, raw: bytes, code: Code) -> None:
        with pytest.raises(Invalid) as caught:
            take(raw, Whole, natural=natural)
        assert caught.value.code is code


class TestRead:
    def test_gives_the_shape(self) -> None:
        assert read(msgspec.json.encode(GOOD), Whole) == checked(GOOD, Whole)

    def test_refuses_with_the_faults(self) -> None:
        with pytest.raises(Invalid) as caught:
            read(b'{"kind":"gift","parts":[]}', Whole)
        assert [fault.path for fault in caught.value.faults] == [("number",), ("parts",)]


class TestUnchecked:
    def test_builds_the_shape_from_values_a_sender_may_not_use(self) -> None:
        tree = {"number": "", "parts": [{"sku": "", "quantity": 0, "origin": "XX"}], "due": "soon", "mainPart": {}}
        made = unchecked(tree, Whole)
        assert made.number == ""
        assert made.kind is None
        assert made.parts == [Part("", 0, "XX")]
        assert made.due == "soon"
        assert made.main_part is not None
        assert made.main_part.sku is None

    def test_builds_what_checking_builds_from_a_good_tree(self) -> None:
        tree = GOOD | {"mainPart": {"sku": "y", "quantity": 2}, "counts": {"a": 1}, "price": Decimal("1.5")}
        assert unchecked(tree, Whole) == checked(tree, Whole)
