"""Every call is documented with a description and examples, and the examples are what the calls really answer.

`EXAMPLES=record` writes them anew. Ids, times and secrets are replaced by invented ones, in the order in which they rise.
"""

import json
import os
import re
from itertools import count
from typing import Any

import pytest

from crossdock.core.ids import IdGenerator, to_base32
from crossdock.core.time import format_time
from crossdock.doors.hub import DOOR, call_docs
from tests.doors.hub.calls import Call, all_calls
from tests.notifications.world import ALLOWED
from tests.world import World

BEGAN = 1_769_770_404_554_000  # 2026-01-30T10:53:24.554Z
STEP = 7_000_000  # microseconds between two times, or two ids
ID = re.compile(r"(?<![0-9a-z])(0[0-9a-hjkmnp-tv-z]{12})(?=[0-9a-f]{8}\"|[^0-9a-z])")
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MARK = re.compile(r'"(\d+)-([0-9a-f]{8})"')
# What is random, or of this machine, by what stands in its place.
INVENTED = (
    (re.compile(r'"access_token": "[^"]+"'), '"access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkZW1vIn0.c2lnbmF0dXJl"'),
    (re.compile(r"whsec_[A-Za-z0-9+/=]+"), "whsec_bm90LWEtcmVhbC1zZWNyZXQtanVzdC1hbi1leGFtcGxl"),
    (re.compile(r'"request_id": "[0-9a-f]+"'), '"request_id": "5f0c9a1be2d34786"'),
    (re.compile(r"http://127\.0\.0\.1:\d+/hook"), "https://shop.example.com/hook"),
    (re.compile(r'"took_ms": \d+'), '"took_ms": 12'),
    (re.compile(r"\b20\d\d-(\d{6})\b"), r"2026-\1"),  # the number of an invoice
)


def body_of(call: Call) -> Any:
    """Return an answer's body as an example shows it."""
    answer = call.answer
    media = answer.headers.get("content-type", "").partition(";")[0]
    if not answer.content or media == "message/rfc822":
        return None
    return answer.json() if media.endswith(("/json", "+json")) else answer.text


NOT_JSON = ("getMail", "getPackingSlip", "getLabels", "getInvoicePaper", "getPickList")


def examples_of(calls: list[Call]) -> dict[str, dict[str, Any]]:
    """Return the first body of each request and each status, by operation."""
    examples: dict[str, dict[str, Any]] = {route.operation: {} for route in DOOR.routes}
    for call in calls:
        of_call, body = examples[call.operation], body_of(call)
        if call.sent is not None and call.answer.is_success:
            of_call.setdefault("request", call.sent)
        if body is not None:
            of_call.setdefault(str(call.answer.status_code), body)
    return examples


def settled(examples: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Replace what is different each time."""
    text = json.dumps(examples, ensure_ascii=False)
    generator = IdGenerator(0)
    ids = {
        found: to_base32(generator.new(BEGAN + place * STEP)) for place, found in enumerate(sorted({*ID.findall(text)}))
    }
    ids["0" * 13] = "0" * 13
    times = {
        found: format_time(BEGAN + place * STEP, digits=6) for place, found in enumerate(sorted({*TIME.findall(text)}))
    }
    marks = {
        found: f"{number:08x}"
        for found, number in zip(sorted({*MARK.findall(text)}), count(0x9E3779B1, 977), strict=False)
    }
    text = ID.sub(lambda match: ids[match[1]], text)
    text = TIME.sub(lambda match: times[match[0]], text)
    text = MARK.sub(lambda match: f'"{match[1]}-{marks[match[1], match[2]]}"', text)
    for pattern, invented in INVENTED:
        text = pattern.sub(invented, text)
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def without_times(examples: dict[str, Any]) -> Any:
    """Leave out what depends on whether the server or its worker is faster: times, ids in their order, how far it is."""
    text = json.dumps(examples, sort_keys=True)
    text = TIME.sub("TIME", re.sub(r"0[0-9a-hjkmnp-tv-z]{12}", "ID", text))
    return json.loads(re.sub(r'"position": \d+', '"position": 0', text))


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
async def test_the_examples_are_what_the_calls_answer(world: World, headers: dict[str, str]) -> None:
    examples = settled(examples_of(await all_calls(world, headers)))
    if os.environ.get("EXAMPLES") == "record":
        call_docs._EXAMPLES.write_text(json.dumps(examples, indent=1, ensure_ascii=False) + "\n")
    recorded = json.loads(call_docs._EXAMPLES.read_text())
    assert list(examples) == list(recorded)
    for operation, of_call in examples.items():
        assert without_times(of_call) == without_times(recorded[operation]), operation


@pytest.mark.parametrize("route", DOOR.routes, ids=lambda route: route.operation)
def test_a_call_has_a_description_and_examples_of_what_has_a_body(route: Any) -> None:
    assert len(route.description.split()) > 3
    if route.request is not None:
        assert "request" in route.examples
    (success,) = [status for status in route.answers if 200 <= status < 300]
    has_body = route.answers[success] is not None and route.operation not in NOT_JSON
    assert (success in route.examples) == has_body
    assert set(route.examples) <= {"request", *route.answers}
