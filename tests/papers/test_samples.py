"""The samples of docs/papers.md: each has a picture, and the page shows it."""

import re
from pathlib import Path

from docs import draw_papers


def test_each_sample_has_a_picture_that_the_page_shows() -> None:
    page = Path(draw_papers.__file__).with_name("papers.md").read_text(encoding="utf-8")
    names = {name for name, _ in draw_papers.samples()}
    assert names == {path.stem for path in draw_papers.FOLDER.glob("*.png")}
    assert names == set(re.findall(r"\(papers/([\w-]+)\.png\)", page))


def test_a_picture_is_a_png_of_the_asked_width() -> None:
    _, pdf = next(draw_papers.samples())
    drawn = draw_papers.picture(pdf, width=200)
    assert drawn.startswith(b"\x89PNG")
    assert int.from_bytes(drawn[16:20]) == 200
