"""Whatever is wrong with a create body, its door refuses it in its own words and names the place; nothing ends in a 5xx."""

import asyncio
import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.vendors import VENDORS, Vendor
from tests.world import World

Path = tuple[str | int, ...]
MAX_PLACES = 150
AT_ONCE = 64  # requests that share transactions; the walk is some 3000 bodies an engine
KINDS: tuple[Any, ...] = ("text", 7, {}, [], True, None)
MARK = "@@"

# One member of each sort in each door's sample.
MEMBERS: dict[str, dict[str, Path]] = {
    "pb_oms": {
        "price": ("items", 0, "unitPrice"), "quantity": ("items", 0, "quantity"), "currency": ("charges", "currency"),
        "date": ("shippingPreferences", "dateOfShipment"), "text": ("toAddress", "cityTown"),
    },
    "pb_fulfillment": {
        "price": ("orderLines", 0, "unitPrice"), "quantity": ("orderLines", 0, "orderedQuantity"),
        "currency": ("orderCharges", "orderCurrency"), "date": ("createDate",), "text": ("toAddress", "cityTown"),
    },
    "fabric": {
        "price": ("items", 0, "itemUnitPrice"), "quantity": ("items", 0, "orderedQuantity"), "currency": ("currency",),
        "date": ("orderDate",), "text": ("shipInfo", 0, "shipToAddress", "city"),
    },
    "s2": {
        "price": ("items", 0, "unitPrice"), "quantity": ("items", 0, "quantity"), "currency": ("currencyId",),
        "date": ("channelOrderDate",), "text": ("shippingAddress", "city"),
    },
    "hub": {
        "price": ("totals", "items"), "quantity": ("lines", 0, "quantity"), "currency": ("currency",),
        "date": ("placed_at",), "text": ("destinations", 0, "address", "city"),
    },
}  # fmt: skip
# What may be of any type by contract, or of two; frozen, may only shrink. Null is allowed wherever a member is optional.
OPEN: dict[str, set[Path]] = {
    "pb_oms": set(),
    "pb_fulfillment": {("toAddress", "postalCode"), ("billingAddress", "postalCode")},  # a number in the vendor's sample
    "fabric": {  # what is in attributes is the sender's own
        ("attributes", "giftWrap"),
        ("attributes", "loyaltyTier"),
        ("items", 0, "attributes", "engraving"),
    },
    "s2": {("meta",), ("items", 0, "meta"), ("items", 1, "meta")},  # the sender's own, object or array
    "hub": set(),
}  # fmt: skip
# Doors that take a number where text belongs.
NUMBERS_AS_TEXT = {"fabric", "pb_fulfillment"}
# Of the bodies of the walk that are not null or open, so many there are; a walk over less would prove less.
REFUSED_LEAST = {"pb_oms": 496, "pb_fulfillment": 275, "fabric": 523, "s2": 187, "hub": 176}


# ------------------------------------------------------------------------------------------------------- the doors' errors
def rendered(door: str, path: Path) -> str:
    """Format a path as a door's errors do."""
    if door == "hub":
        return "".join(f"/{part}" for part in path)
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def places(door: str, answer: httpx.Response) -> set[str]:
    """Check that an answer is an error in its door's own shape, and return the places it names."""
    assert 400 <= answer.status_code < 500, answer.text
    document = answer.json()
    if door == "hub":
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(document) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
        assert document["status"] == answer.status_code
        return {error["pointer"] for error in document["errors"]}
    if door == "pb_fulfillment":
        assert isinstance(document, list)
        assert document
        assert all(set(each) == {"errorCode", "message", "additionalInfo", "parameters"} for each in document)
        return {place for each in document for place in each["parameters"]}
    text = {"pb_oms": "additionalInfo", "fabric": "message", "s2": "message"}[door]
    members = {"pb_oms": {"errorCode", "message", "additionalInfo"}, "fabric": {"message"}, "s2": {"code", "message"}}
    assert set(document) == members[door]
    assert all(isinstance(value, str) for value in document.values())
    assert any(document.values())
    return {fault.partition(": ")[0] for fault in document[text].split("; ")}


# -------------------------------------------------------------------------------------------------------------- mutating
def every_place(tree: Any, path: Path = ()) -> Iterator[Path]:
    """Walk every member and element below a tree, outermost first."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inner:
        yield (*path, name)
        yield from every_place(value, (*path, name))


def at(tree: Any, path: Path) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def replaced(tree: Any, path: Path, value: Any) -> Any:
    tree = deepcopy(tree)
    at(tree, path[:-1])[path[-1]] = value
    return tree


def kind(value: Any) -> str:
    """Name the JSON type of a value."""
    if isinstance(value, bool) or value is None:
        return str(value)
    return "number" if isinstance(value, int | float) else type(value).__name__


def mutations(vendor: Vendor) -> list[tuple[Path, Any, dict[str, Any]]]:
    """Return bodies that are the sample with one place of another type, each under a number of its own."""
    sample, found = vendor.body("M"), []
    for path in list(every_place(sample))[:MAX_PLACES]:
        for value in KINDS:
            if vendor.door in NUMBERS_AS_TEXT and kind(value) == "number" and kind(at(sample, path)) == "str":
                continue
            if kind(value) != kind(at(sample, path)) and not (value is True and kind(at(sample, path)) == "False"):
                body = vendor.body(f"M-{len(found)}")
                found.append((path, value, replaced(body, path, deepcopy(value))))
    return found


def written(vendor: Vendor, member: str, raw: bytes) -> bytes:
    """Return the sample with one member written as the bytes `raw`."""
    body = replaced(vendor.body("R-1"), MEMBERS[vendor.door][member], MARK)
    return json.dumps(body).encode().replace(f'"{MARK}"'.encode(), raw)


class Sender:
    """Sends create bodies to one door, each call as a new one."""

    def __init__(self, world: World, vendor: Vendor, headers: dict[str, str]) -> None:
        self._world, self._vendor, self._headers, self._count = world, vendor, headers, 0

    async def __call__(self, body: bytes) -> httpx.Response:
        self._count += 1
        headers = self._headers | self._vendor.headers(f"bad-{self._count}")
        return await self._world.http.post(self._vendor.create, content=body, headers=headers)


async def sender(world: World, door: str) -> Sender:
    return Sender(world, VENDORS[door], await world.bearer())


@pytest.mark.parametrize("door", VENDORS)
class TestEveryMember:
    @pytest.mark.parametrize("engine", ["sqlite"])  # they are refused before anything but their bytes is stored
    async def test_every_member_of_another_type_is_refused_where_it_stands(self, world: World, door: str) -> None:
        send, bodies = await sender(world, door), mutations(VENDORS[door])
        answers: list[httpx.Response] = []
        for start in range(0, len(bodies), AT_ONCE):
            chunk = bodies[start : start + AT_ONCE]
            answers += await asyncio.gather(*(send(json.dumps(body).encode()) for _, _, body in chunk))
        refused, wrong = 0, []
        for (path, value, _), answer in zip(bodies, answers, strict=True):
            if answer.status_code == VENDORS[door].ok:
                if value is not None and path not in OPEN[door]:
                    wrong.append((path, value, "was taken"))
                continue
            refused += 1
            name = rendered(door, path)
            if not any(place.startswith(name) for place in places(door, answer)):
                wrong.append((path, value, answer.text[:300]))
        assert wrong == []
        assert refused >= REFUSED_LEAST[door]

    async def test_every_member_left_open_is_still_open(self, world: World, door: str) -> None:
        """A place that no longer takes another type must go from the list."""
        send = await sender(world, door)
        used = {
            path
            for path, value, body in mutations(VENDORS[door])
            if path in OPEN[door]
            and value is not None
            and (await send(json.dumps(body).encode())).status_code == VENDORS[door].ok
        }
        assert used == OPEN[door]

    async def test_every_member_with_a_fault_is_named_with_all_others(self, world: World, door: str) -> None:
        send, body = await sender(world, door), VENDORS[door].body("F-1")
        faults = {"price": "x", "quantity": 0, "currency": "XYZ", "date": "2026-02-30T00:00:00Z", "text": {}}
        for member, value in faults.items():
            body = replaced(body, MEMBERS[door][member], value)
        answer = await send(json.dumps(body).encode())
        assert places(door, answer) == {rendered(door, path) for path in MEMBERS[door].values()}


# Bytes no door takes, by the sort of member they stand in; each must be named.
VALUES: dict[str, tuple[str, bytes]] = {
    "nan": ("price", b"NaN"),
    "infinity": ("price", b"Infinity"),
    "minus infinity": ("price", b"-Infinity"),
    "too great": ("price", b"1e400"),
    "too small": ("price", b"1e-400"),
    "400 digits": ("price", b"9" * 400),
    "400 decimals": ("price", b"0." + b"3" * 400),
    "5000 digits": ("price", b"9" * 5000),
    "zero": ("quantity", b"0"),
    "negative": ("quantity", b"-1"),
    "a fraction": ("quantity", b"1.5"),
    "a string": ("quantity", b'"1"'),
    "beyond 31 bits": ("quantity", b"2147483648"),
    "beyond 64 bits": ("quantity", b"18446744073709551616"),
    "a quantity of 400 digits": ("quantity", b"9" * 400),
    "no currency": ("currency", b'"XYZ"'),
    "a small currency": ("currency", b'"usd"'),
    "no day": ("date", b'"2026-02-30"'),
    "no time of a day": ("date", b'"2026-02-30T00:00:00Z"'),
    "no date": ("date", b'"tomorrow"'),
    "a time before the year 1 in UTC": ("date", b'"0001-01-01T00:00:00+01:00"'),
    "a time after the year 9999 in UTC": ("date", b'"9999-12-31T23:59:59-01:00"'),
    "lone surrogate": ("text", b'"\\ud800"'),
    "low surrogate": ("text", b'"x\\udc00x"'),
    "a surrogate in utf-8": ("text", b'"\xed\xa0\x80"'),
    "nul": ("text", b'"a\\u0000b"'),
}
# Bytes that are no JSON; there is no place to name.
BROKEN: dict[str, tuple[str, bytes]] = {
    "invalid utf-8": ("text", b'"\xff\xfe"'),
    "overlong": ("text", b'"\xc0\x80"'),
    "raw nul": ("text", b'"a\x00b"'),
    "raw line break": ("text", b'"a\nb"'),
    "hexadecimal": ("price", b"0x1F"),
    "no digit before the point": ("price", b".5"),
    "no digit after the point": ("price", b"5."),
    "a leading zero": ("price", b"05"),
    "single quotes": ("text", b"'x'"),
    "a comment": ("text", b'"x" /* y */'),
    "a trailing comma": ("text", b'"x",'),
}


@pytest.mark.parametrize("door", VENDORS)
class TestEveryValue:
    async def test_every_value_that_cannot_be_is_named(self, world: World, door: str) -> None:
        send, wrong = await sender(world, door), []
        for name, (member, raw) in VALUES.items():
            if door == "pb_oms" and name == "no time of a day":  # its member is a date
                continue
            answer = await send(written(VENDORS[door], member, raw))
            if places(door, answer) != {rendered(door, MEMBERS[door][member])}:
                wrong.append((name, answer.status_code, answer.text[:300]))
        assert wrong == []

    async def test_every_value_that_is_no_json_is_refused(self, world: World, door: str) -> None:
        send = await sender(world, door)
        used = []
        for name, (member, raw) in BROKEN.items():
            answer = await send(written(VENDORS[door], member, raw))
            if answer.status_code != 400:
                used.append((name, answer.status_code, answer.text[:300]))
            else:
                places(door, answer)
        assert used == []

    async def test_every_value_that_is_given_twice_is_named(self, world: World, door: str) -> None:
        send = await sender(world, door)
        for member, path in MEMBERS[door].items():
            same = json.dumps(at(VENDORS[door].body("R-1"), path)).encode()
            twice = same + b',"' + str(path[-1]).encode() + b'":' + same
            answer = await send(written(VENDORS[door], member, twice))
            assert places(door, answer) == {rendered(door, path)}, member

    async def test_every_value_is_taken_as_the_sample_has_it(self, world: World, door: str) -> None:
        """The bodies above are refused for what was written in them and nothing else."""
        send = await sender(world, door)
        for member, path in MEMBERS[door].items():
            same = json.dumps(at(VENDORS[door].body("R-1"), path)).encode()
            answer = await send(written(VENDORS[door], member, same))
            assert answer.status_code == VENDORS[door].ok, answer.text


@pytest.mark.parametrize("door", VENDORS)
class TestEveryBody:
    async def test_every_body_that_is_no_object_is_refused(self, world: World, door: str) -> None:
        send, whole = await sender(world, door), json.dumps(VENDORS[door].body("B-1")).encode()
        bodies = {
            "empty": b"", "blank": b" \n", "array": b"[]", "null": b"null", "number": b"1", "string": b'"x"',
            "true": b"true", "array of the sample": b"[" + whole + b"]", "half a byte order mark": b"\xef\xbb" + whole,
            "utf-16": whole.decode().encode("utf-16"), "cut": whole[:-1], "twice": whole + whole,
            "more": whole + b"x", "levels": b"[" * 10_000 + b"]" * 10_000, "levels never closed": b"[" * 10_000,
            "objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "no json": b"clientId=1234", "nul": b"\x00",
            "no members": b"{}",
        }  # fmt: skip
        for name, body in bodies.items():
            answer = await send(body)
            places(door, answer)
            assert answer.status_code in (400, 422), (name, answer.text)
        listed = await world.http.get("/hub/v1/orders", headers=await world.bearer())
        assert listed.json()["items"] == []

    async def test_every_body_with_levels_below_an_open_member_is_refused(self, world: World, door: str) -> None:
        send, whole = await sender(world, door), json.dumps(VENDORS[door].body("B-1")).encode()
        for deep in (b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000):
            answer = await send(whole[:-1] + b',"x-own":' + deep + b"}")
            places(door, answer)
            assert answer.status_code == 400, answer.text


# ---------------------------------------------------------------------------------------------------------------- searches
OUT_OF_RANGE = ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00")


def searches(time: str) -> dict[str, tuple[str, str, Any, str]]:
    """Return for each door with a search by time the method, the path, the body, and the place of the time."""
    return {
        "pb_oms": (
            "POST", "/ordermanagement/api/v1/orders/search",
            {"filters": [{"name": "orderCreateDateFrom", "value": [time]}]}, "filters[0].value[0]",
        ),
        "pb_fulfillment": (
            "POST", "/shippingservices/fulfillment/v1/orders/search",
            {"clientId": "1234", "searchFields": [{"name": "createDate", "values": [time]}]}, "searchFields[0].values[0]",
        ),
        "fabric": (
            "POST", "/api/v2/order/query", {"filters": {"createdAt": {"gte": time}}}, "filters.createdAt.gte",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("time", OUT_OF_RANGE)
@pytest.mark.parametrize("door", searches(""))
async def test_a_search_by_a_time_that_utc_does_not_have_is_refused(world: World, door: str, time: str) -> None:
    method, path, body, place = searches(time)[door]
    headers = await world.bearer() | VENDORS[door].headers("search")
    answer = await world.http.request(method, path, json=body, headers=headers)
    assert (answer.status_code, places(door, answer)) == (400, {place})
