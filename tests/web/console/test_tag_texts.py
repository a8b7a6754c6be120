"""Tags as one text: read and written without splitting one that has a comma."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.web.console.tag_texts import read_tags, write_tags

TAGS = st.text(min_size=1, max_size=20).filter(str.strip) | st.text(' ",\uff0c\nab', min_size=1).filter(str.strip)


@given(st.lists(TAGS, unique=True, max_size=8))
def test_tags_that_are_written_are_read_again(tags: list[str]) -> None:
    assert read_tags(write_tags(tags)) == tuple(tags)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("vip, gift,vip,,", ("vip", "gift")),
        ("vip\uff0cgift", ("vip", "gift")),
        ('"wholesale, net 30", vip', ("wholesale, net 30", "vip")),
        ('5" pipe, "open', ('5" pipe', '"open')),
        ('"a" b, c', ('"a" b', "c")),
        ("", ()),
    ],
)
def test_what_people_type_is_read(text: str, tags: tuple[str, ...]) -> None:
    assert read_tags(text) == tags
