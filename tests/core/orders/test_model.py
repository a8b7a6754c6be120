"""The canonical order: ids of its lines for formats whose ids are unique."""

import pytest

from crossdock.core.orders.model import Line, line_ids


class TestLineIds:
    @pytest.mark.parametrize(
        ("refs", "ids"),
        [
            (("a", "b"), ("a", "b")),
            ((None, None), ("1", "2")),
            ((None, "1"), ("2", "1")),
            (("2", None), ("2", "3")),
            (("1", "1"), ("1", "2")),
            (("1", "1", "2"), ("1", "3", "2")),
            (("", "1", "01"), ("2", "1", "01")),
        ],
    )
    def test_every_line_has_an_id_of_its_own_and_keeps_the_senders_where_it_can(
        self, refs: tuple[str | None, ...], ids: tuple[str, ...]
    ) -> None:
        assert line_ids([Line(1, line_ref=ref) for ref in refs]) == ids
