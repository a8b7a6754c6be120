"""The format of recorded cases loses nothing: what was shortened expands to the same text, and a change is seen."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doors import golden_format
from tests.doors.golden_format import expand, render, shorten, text
from tests.examples import at_most

DOORS = Path(__file__).parent
FILES = sorted(DOORS.glob("*/golden/*.json"))
PARTS = ("given", "request", "response", "before", "after")

Case = dict[str, Any]

# Few names and texts, so that values are often alike; and those that mean something in the format.
_TEXTS = st.sampled_from(
    [
        "",
        "a",
        "<A>",
        "<same>",
        "<removed>",
        "<0>",
        "<1..2>",
        "<order>",
        "<order.lines>",
        "<before>",
        "<before.a>",
        "<after>",
    ]
) | st.text(max_size=3)
_NAMES = st.sampled_from(["a", "b", "c", "d", "e", "lines", "like", "exactly"])
_SCALARS = (
    st.none() | st.booleans() | st.sampled_from([0, 1, 2, 1.0, 2.5]) | _TEXTS | st.just("a text that is not short")
)
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=6),
    max_leaves=25,
)
CASES = st.tuples(*[VALUES] * len(PARTS)).map(lambda values: dict(zip(PARTS, values, strict=True)))


def small(number: int, status: str = "open", **more: Any) -> Case:
    order = {
        "id": "<A>",
        "number": number,
        "status": status,
        "lines": [{"sku": "SKU-1", "quantity": 2, "price": "25.00"}],
    }
    return {
        "given": [{"create": "A"}],
        "request": {"path": "/x"},
        "response": order | more,
        "before": None,
        "after": order,
    }


@st.composite
def alike(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw two values of which the second is the first with some members changed, added, removed or moved."""
    first = draw(st.dictionaries(_NAMES, VALUES, min_size=2, max_size=8))
    second = {name: draw(VALUES) if draw(st.booleans()) else first[name] for name in draw(st.permutations([*first]))}
    for name in draw(st.lists(_NAMES, max_size=3)):
        second = (
            {name: draw(VALUES)} | second if draw(st.booleans()) else {k: v for k, v in second.items() if k != name}
        )
    return first, second


@at_most(30, prove=300)
@given(CASES, CASES, st.dictionaries(st.sampled_from(["order", "A", "a"]), VALUES))
def test_a_shortened_case_expands_to_itself(case: Case, base: Case, constants: Case) -> None:
    assert text(expand(shorten(case, constants), constants)) == text(case)
    written = json.loads(render(shorten(case, constants, base, "base")))
    assert written.pop("like") == "base"
    assert text(expand(written, constants, base)) == text(case)


@at_most(30, prove=300)
@given(alike(), alike(), alike())
def test_nearly_equal_cases_expand_to_themselves(one: Any, two: Any, three: Any) -> None:
    base = {"given": [one[0]], "request": two[0], "response": [two[1], *one], "before": one[0], "after": three[0]}
    case = {"given": [one[1]], "request": two[1], "response": [*two, one[1]], "before": one[1], "after": three[1]}
    constants = {"order": one[0], "A": three[1]}
    assert text(expand(shorten(case, constants, base, "base"), constants, base)) == text(case)


def test_only_what_differs_is_written() -> None:
    assert shorten(small(1), {}, small(1), "base") == {"like": "base"}
    written = shorten(small(1, "canceled"), {}, small(1), "base")
    assert written == {"like": "base", "response": "<after>", "after": {"status": "canceled"}}


def test_a_new_member_is_written_after_the_one_before_it() -> None:
    base, case = small(1), small(1)
    case["after"] = {"id": "<A>", "number": 1, "held": True} | case["after"] | {"tags": []}
    assert shorten(case, {}, base, "base")["after"] == {"number": "<same>", "held": True, "lines": "<same>", "tags": []}


def test_items_are_written_by_their_place_in_the_base() -> None:
    rows = [{"sku": f"SKU-{each}", "description": "Cotton shirt", "quantity": each} for each in range(4)]
    base, case = small(1, rows=rows), small(1, rows=[*rows[:3], rows[3] | {"quantity": 9}])
    assert shorten(case, {}, base, "base")["response"] == {"rows": ["<0..2>", {"like": "<3>", "quantity": 9}]}


def test_a_constant_is_written_by_its_name() -> None:
    constants = {"order": small(1)["after"]}
    written = shorten(small(2), constants)
    assert written["after"] == {"like": "<order>", "number": 2}
    assert written["response"] == "<after>"


@pytest.mark.parametrize(
    "changed",
    [
        small(1) | {"before": {}},
        small(1, "canceled"),
        small(1, new=None),
        small(1.0),  # type: ignore[arg-type]
        small(True),
        small(1) | {"after": dict(reversed(small(1)["after"].items()))},
    ],
)  # fmt: skip
def test_every_change_is_seen(changed: Case) -> None:
    written = shorten(changed, {}, small(1), "base")
    assert written != {"like": "base"}
    assert text(expand(written, {}, small(1))) != text(small(1))


@pytest.mark.parametrize("wrong", [{"respons": {}}, {"after": {"like": "<nobody>"}}])
def test_a_mistake_in_a_file_is_refused(wrong: Case) -> None:
    with pytest.raises(ValueError, match=r"respons|<nobody>"):
        expand(wrong, {}, small(1))


def test_a_new_base_leaves_the_cases_like_it_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "golden"
    folder.mkdir()
    base, other, new = (folder / f"{name}.json" for name in ("base", "other", "new"))
    base.write_text(render(shorten(small(1), {})))
    other.write_text(render(shorten(small(1, "canceled"), {}, small(1), "base")))
    golden_format.write(base, small(5, "held"))
    assert golden_format.read(base) == small(5, "held")
    assert golden_format.read(other) == small(1, "canceled")
    new.write_text('{"given": [{"create": "A"}], "request": {"path": "/x"}}')
    assert golden_format.read(new) == {"given": [{"create": "A"}], "request": {"path": "/x"}}


def test_a_new_case_is_like_the_nearest_of_its_operation(tmp_path: Path) -> None:
    folder = tmp_path / "golden"
    folder.mkdir()
    requests = {
        "near": {"method": "GET", "path": "/orders/<A>?x=1"},
        "far": {"method": "GET", "path": "/orders/<B>"},
        "foreign": {"method": "GET", "path": "/orders"},
    }
    for name, number in {"near": 1, "far": 7, "foreign": 2}.items():
        case = small(number, name if name == "far" else "open") | {"request": requests[name]}
        (folder / f"{name}.json").write_text(render(shorten(case, {})))
    new = folder / "new.json"
    case = small(2) | {"request": {"method": "GET", "path": "/orders/<C>?y"}}
    new.write_text(json.dumps({"given": case["given"], "request": case["request"]}))
    golden_format.write(new, case)
    assert json.loads(new.read_text())["like"] == "near"
    assert golden_format.read(new) == case


def test_short_values_stand_on_one_line() -> None:
    assert render({"a": [1, {"b": None}], "c": {"d": "x" * 60, "e": "y" * 60}, "f": {}}).splitlines() == [
        "{",
        '  "a": [1, {"b": null}],',
        '  "c": {',
        f'    "d": "{"x" * 60}",',
        f'    "e": "{"y" * 60}"',
        "  },",
        '  "f": {}',
        "}",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_every_file_holds_a_case(path: Path) -> None:
    assert tuple(golden_format.read(path)) == PARTS
    written = json.loads(path.read_text())
    assert (
        "like" not in json.loads(path.with_name(f"{written['like']}.json").read_text()) if "like" in written else True
    )
