"""Parsing foreign JSON: strict, exact to the digit, every fault with its path, nothing lost or guessed."""

import json
import subprocess
import sys
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.core.errors import Code, Invalid
from crossdock.core.json import strict_json
from crossdock.core.json.strict_json import DEPTH_LIMIT, DIGITS_LIMIT, FAULTS_LIMIT, parse, parse_trusted
from tests.core.documents import Scribe, objects, trees

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


class TestParse:
    @given(trees, st.randoms(use_true_random=False))
    def test_parse_gives_any_value_back_however_it_is_written(self, tree: Any, random: Random) -> None:
        raw = Scribe(random).value(tree).encode()
        assert exact(parse(raw)) == exact(tree)

    @given(trees, st.randoms(use_true_random=False))
    def test_parse_is_repeated_without_its_proofs_to_the_digit(self, tree: Any, random: Random) -> None:
        raw = Scribe(random).value(tree).encode()
        assert exact(parse_trusted(raw)) == exact(parse(raw))

    @given(trees, st.randoms(use_true_random=False))
    def test_parse_names_a_member_given_twice_wherever_it_is(self, tree: Any, random: Random) -> None:
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
    def test_parse_refuses_a_duplicate_member(self, raw: bytes, path: tuple[Any, ...]) -> None:
        assert faults_of(raw) == [(*path, TWICE)]

    def test_parse_names_each_repetition(self) -> None:
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
    def test_parse_does_not_take_text_for_a_duplicate(self, raw: bytes, tree: Any) -> None:
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
    def test_parse_refuses_text_that_cannot_be_stored(self, raw: bytes, faults: list[tuple[Any, ...]]) -> None:
        assert faults_of(raw) == faults

    @pytest.mark.parametrize(
        "raw", [b'{"\\ud800":"\\u0000"}', b'{"\\ud800":1,"\\ud800":1}', b'{"\\udfff":{"a":1,"a":1}}']
    )
    def test_parse_names_faults_below_an_unfit_name_so_that_they_can_be_written_down(self, raw: bytes) -> None:
        assert msgspec.json.encode(refusal(raw).faults)

    def test_parse_takes_a_whole_surrogate_pair(self) -> None:
        assert parse(b'{"\\ud83d\\ude00":"\\uD83D\\uDE00"}') == {"\U0001f600": "\U0001f600"}

    @pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
    def test_parse_refuses_what_is_no_number(self, word: str) -> None:
        assert faults_of(f'{{"a":[{word}]}}'.encode()) == [("a", 0, NUMBER)]

    @pytest.mark.parametrize(
        "number",
        ["1e400", "1E400", "-1e400", "1e-400", "1e40", "0e41", "1e999999999", "1e99999999999999999999", "9" * 400,
         "-" + "9" * 400, "9" * (DIGITS_LIMIT + 1), "0." + "1" * (DIGITS_LIMIT + 1), "0." + "0" * 400 + "1"],
    )  # fmt: skip
    def test_parse_refuses_a_number_out_of_range(self, number: str) -> None:
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
    def test_parse_keeps_every_digit_of_a_number(self, raw: str, value: Any) -> None:
        assert exact(parse(raw.encode())) == exact(value)

    @pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
    def test_parse_takes_the_deepest_nesting_and_nothing_deeper(self, opened: str, closed: str) -> None:
        def nested(depth: int) -> bytes:
            return (opened * depth + "1" + closed * depth).encode()

        assert parse(nested(DEPTH_LIMIT)) is not None
        for depth in (DEPTH_LIMIT + 1, 10_000):
            refused = refusal(nested(depth))
            assert refused.code is Code.TOO_DEEP
            assert refused.facts == {"limit": DEPTH_LIMIT}
        assert refusal((opened * 10_000).encode()).code is Code.TOO_DEEP

    def test_parse_does_not_count_braces_in_strings_as_depth(self) -> None:
        text = '[{"' * 500 + "\\"
        assert parse(msgspec.json.encode({"a": [text, text], text: {}})) == {"a": [text, text], text: {}}

    def test_parse_does_not_count_neighbors_as_depth(self) -> None:
        assert parse(b"[" + b",".join([b"{}"] * 500) + b"]") == [{}] * 500

    def test_parse_answers_to_an_endless_string_after_many_braces(self) -> None:
        # A search that begins again at each quote takes minutes for these 200 kB; the child's time-out is a safeguard.
        script = (
            "from crossdock.core.json.strict_json import parse\n"
            "from crossdock.core.errors import Invalid\n"
            "try:\n    parse(b'[' * 65 + b'\"' + b'\\\\\"' * 100_000)\n"
            "except Invalid as refused:\n    print(refused.code)\n"
        )
        ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
        assert ran.stdout.strip() in (Code.TOO_DEEP, Code.NOT_JSON)

    @pytest.mark.parametrize(
        "raw",
        [b"", b" \r\n\t", b"\xef\xbb{}", b'{"a":"\xff"}', b'{"\xc3":1}', b"{} x", b"{}{}", b"1 2", b"// a\n{}",
         b"{/* a */}", b'{"a":1,}', b"[1,]", b"{'a':1}", b"{a:1}", b"01", b"1.", b".5", b"+1", b"- 1", b'"a\nb"',
         b'"\x00"', b"{}\x00", b'"\\x41"', b'"\\u12"', b"True", b"undefined", b"\x0b1", b"\xc2\xa0{}", b'{"a":1',
         b'"a', b"[", b"]", '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32")],
    )  # fmt: skip
    def test_parse_refuses_what_is_not_json_and_says_why(self, raw: bytes) -> None:
        refused = refusal(raw)
        assert refused.code is Code.NOT_JSON
        assert [fault.path for fault in refused.faults] == [()]
        assert refused.faults[0].reason == refused.reason
        assert refused.reason.startswith("the body is ")

    def test_parse_says_that_an_empty_body_is_empty(self) -> None:
        assert refusal(b"").reason == "the body is empty"

    def test_parse_names_at_most_a_hundred_faults(self) -> None:
        assert len(faults_of(b"[" + b",".join([b"NaN"] * 300) + b"]")) == FAULTS_LIMIT


PARTS = st.sampled_from(list(b'{}[]",:\\u0dE+-.\xff\xed\xa0\x80 \n')).map(lambda code: bytes([code]))


class TestArbitraryBytes:
    @given(st.binary(max_size=100) | st.lists(PARTS, max_size=40).map(b"".join))
    def test_any_bytes_are_a_tree_that_can_be_stored_or_refused(self, raw: bytes) -> None:
        try:
            msgspec.json.encode(parse(raw))
        except Invalid as refused:
            assert refused.reason
            assert msgspec.json.encode(refused.faults)

    @given(trees, st.randoms(use_true_random=False), st.integers(0, 10_000), st.binary(max_size=3))
    def test_a_damaged_body_is_a_tree_or_refused(self, tree: Any, random: Random, at: int, damage: bytes) -> None:
        raw = Scribe(random).value(tree).encode()
        at %= len(raw)
        try:
            parse(raw[:at] + damage + raw[at + 1 :])
        except Invalid as refused:
            assert msgspec.json.encode(refused.faults)


class TestDepth:
    @given(
        st.recursive(
            st.just(0),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text('a[{]}"\\', max_size=5), inner, max_size=3)
            ),
        )
    )
    def test_nesting_is_measured_as_it_is(self, tree: Any) -> None:
        def depth(node: Any) -> int:
            below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
            return 0 if below is None else 1 + max(map(depth, below), default=0)

        for extra in (0, DEPTH_LIMIT - depth(tree), DEPTH_LIMIT - depth(tree) + 1):
            nested = tree
            for _ in range(max(0, extra)):
                nested = [0, nested, {}]
            assert strict_json._is_too_deep(json.dumps(nested).encode()) == (depth(nested) > DEPTH_LIMIT)

    def test_brackets_that_are_never_closed_are_too_deep(self) -> None:
        for raw in (b"[" * 500_000, b"[{}," * 300_000, b"[],[" * 200_000):
            assert strict_json._is_too_deep(raw)
        assert not strict_json._is_too_deep(b"]" * 500_000)
