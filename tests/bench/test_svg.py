"""Plots are valid SVG that needs nothing else, with every value in its place."""

import re
from xml.etree import ElementTree

import pytest

from bench import svg

NAME = "{http://www.w3.org/2000/svg}"


def rectangles(text: str) -> list[tuple[float, float]]:
    """Return the top and height of each bar."""
    found = ElementTree.fromstring(text).iter(f"{NAME}rect")
    return [
        (float(each.attrib["y"]), float(each.attrib["height"]))
        for each in found
        if each.find(f"{NAME}title") is not None
    ]


class TestBars:
    def test_heights_are_in_proportion_and_end_on_one_line(self) -> None:
        bars = rectangles(svg.bars("Speed", ["a", "b"], {"x": [100.0, 50.0]}))
        assert bars[0][1] == pytest.approx(2 * bars[1][1], rel=0.01)
        assert {round(top + height) for top, height in bars} == {260}

    def test_a_missing_value_has_no_bar(self) -> None:
        assert len(rectangles(svg.bars("Speed", ["a", "b"], {"x": [100.0, None], "y": [1.0, 2.0]}))) == 3

    def test_names_are_escaped(self) -> None:
        text = svg.bars('<a> & "b"', ["<g>"], {"<s>": [1.0]})
        root = ElementTree.fromstring(text)
        assert root.attrib["aria-label"] == '<a> & "b"'
        assert "<g>" in [each.text for each in root.iter(f"{NAME}text")]

    def test_an_aim_is_a_line_that_the_scale_reaches(self) -> None:
        text = svg.bars("Speed", ["a"], {"x": [10.0]}, aim=1000)
        (aim,) = (each for each in ElementTree.fromstring(text).iter(f"{NAME}line") if each.attrib["class"] == "aim")
        assert 46 <= float(aim.attrib["y1"]) < 260
        assert "aim 1,000" in text

    @pytest.mark.parametrize("value", [0.0, 1e-7, 0.3, 7.0, 12_345.0, 9e9])
    def test_any_size_of_value_fits(self, value: float) -> None:
        for top, height in rectangles(svg.bars("Speed", ["a"], {"x": [value]})):
            assert top >= 45.9
            assert height >= 0


class TestLines:
    def test_a_line_goes_through_its_values_and_over_missing_ones(self) -> None:
        text = svg.lines("Delay", [0, 1, 2], {"x": [0.0, None, 10.0]}, x_title="minutes")
        (path,) = re.findall(r'<path d="([^"]*)"', text)
        assert path == "M62.0 260.0L748.0 46.0"

    def test_one_sample_or_none_is_drawn_too(self) -> None:
        for values in ([], [5.0]):
            text = svg.lines("Delay", list(range(len(values))), {"x": values}, x_title="minutes")
            assert "Delay" in "".join(ElementTree.fromstring(text).itertext())


def test_a_plot_is_readable_on_dark_pages_and_loads_nothing() -> None:
    text = svg.lines("Delay", [0, 1], {"x": [1.0, 2.0]}, x_title="minutes")
    assert "prefers-color-scheme:dark" in text
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
