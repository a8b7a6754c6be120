"""docs/states.md is what the table of moves draws."""

import pytest

from crossdock.core.orders.status import TRANSITIONS, Status, Verb
from docs import draw_states


class TestStates:
    def test_states_are_drawn_as_the_table_has_them(self) -> None:
        assert draw_states.PAGE.read_text(encoding="utf-8") == draw_states.draw(), "run `make states`"

    def test_states_are_all_drawn_and_so_is_every_move(self) -> None:
        page = draw_states.draw()
        for status, verbs in TRANSITIONS.items():
            assert f"| `{status}` |" in page
            for verb, targets in verbs.items():
                arrows = [line for line in page.splitlines() if line.startswith(f"    {status} --> ")]
                heads = [line.split(" --> ")[1].split(": ") for line in arrows]
                drawn = {target for target, verbs_of in heads if verb in verbs_of.split(", ")}
                assert drawn == {str(target) for target in targets if target is not status}

    def test_states_would_be_stale_after_a_change_of_the_table(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(TRANSITIONS[Status.SHIPPED], Verb.CANCEL, (Status.CANCELED,))
        assert draw_states.PAGE.read_text(encoding="utf-8") != draw_states.draw()
