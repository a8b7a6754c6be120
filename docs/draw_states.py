"""Draws docs/states.md from the table of transitions: `make states`. A test fails while the page differs."""

from pathlib import Path

from crossdock.core.orders.status import ANNOTATIONS, TRANSITIONS, Status, Verb

PAGE = Path(__file__).parent / "states.md"
_HEAD = """# States of an order

Drawn by `make states` from `TRANSITIONS` in `crossdock/core/orders/status.py`; do not edit it here.

The status is derived: it sums up how many units of the lines are canceled, allocated, shipped, delivered and returned, and
whether the order is held. What has shipped outweighs a hold, and a hold outweighs what is only planned. So a verb does not set
the status; the table says which verbs a status allows and where they can lead, and `tests/flows/test_execute.py` executes every
verb on every small order and finds exactly these transitions. Deliveries and returns arrive with fulfillments, not by a verb on
the order. A new order is open, or on hold or allocated where its door asks for that at once.
"""


def draw() -> str:
    """Return the page: a diagram of the transitions that change the status, and the whole table."""
    return "\n".join([_HEAD, "```mermaid", *_diagram(), "```", "", *_table(), ""])


def _diagram() -> list[str]:
    arrows: dict[tuple[Status, Status], list[Verb]] = {}
    for status, verbs in TRANSITIONS.items():
        for verb, targets in verbs.items():
            for target in targets:
                if target is not status:
                    arrows.setdefault((status, target), []).append(verb)
    drawn = [f"    {status} --> {target}: {', '.join(verbs)}" for (status, target), verbs in arrows.items()]
    return ["stateDiagram-v2", f"    [*] --> {Status.OPEN}: received", *drawn]


def _table() -> list[str]:
    verbs = [verb for verb in Verb if verb not in ANNOTATIONS]
    marks = ", ".join(f"`{mark}`" for mark in ANNOTATIONS)
    head = ["| from | " + " | ".join(verbs) + " |", "|---" * (len(verbs) + 1) + "|"]
    rows = [
        f"| `{status}` | " + " | ".join(", ".join(targets.get(verb, ("-",))) for verb in verbs) + " |"
        for status, targets in TRANSITIONS.items()
    ]
    return [
        *head,
        *rows,
        "",
        f"A dash is a refusal that names the verbs the status allows. {marks} are always allowed and move nothing.",
    ]


if __name__ == "__main__":
    PAGE.write_text(draw(), encoding="utf-8")
