"""Plan an allocation: (demand, stock, locations, rules) → which location serves which units, with the reasons; pure.

The same inputs give the same plan, in whatever order they come. A plan names every location that was looked at: how it
scored, or the filter that ruled it out.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from heapq import heapify, heappop, heappush

import msgspec
from msgspec import Struct

from crossdock.core.allocation.rules import DEFAULT_RULES, FAR_KM, Filter, RuleSet, Score
from crossdock.core.geography import distance_km

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Location(Struct, frozen=True, omit_defaults=True):
    """A location as allocation sees it. `room` is how many more orders it can take, None without a limit; `closed` says why it
    takes none at all."""

    code: str
    country: str | None = None
    type: str = "warehouse"
    latitude: float | None = None
    longitude: float | None = None
    priority: int = 50
    cost: int = 0
    room: int | None = None
    closed: str | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None


class DemandLine(Struct, frozen=True, omit_defaults=True):
    """Units of one line that need a location; `location` is the only one allowed, where the sender named one, `pool` the stock
    they are to come from."""

    position: int
    sku: str
    quantity: int
    location: str | None = None
    pool: str = ""


class Demand(Struct, frozen=True, omit_defaults=True):
    """What an order needs, and what the rules ask about it. `only` are the locations allowed, where a request names some,
    `excluded` those it rules out."""

    lines: tuple[DemandLine, ...]
    door: str = ""
    tags: tuple[str, ...] = ()
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    value: Decimal | None = None
    postal_code: str | None = None
    city: str | None = None
    region: str | None = None
    only: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


class Assignment(Struct, frozen=True):
    """Units of a line that a location serves."""

    line: int
    location: str
    quantity: int


class Candidate(Struct, frozen=True, omit_defaults=True):
    """A location that was looked at: its score in thousandths with its parts, or why it was ruled out."""

    location: str
    score: int | None = None
    parts: tuple[tuple[str, int], ...] = ()
    ruled_out: str | None = None


class Plan(Struct, frozen=True, omit_defaults=True):
    """Who serves what. `unserved` are units without a location, by line, with the reason in words."""

    rules: str
    fingerprint: str
    assignments: tuple[Assignment, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    unserved: tuple[tuple[int, int, str], ...] = ()


StockKey = tuple[str, str, str]  # SKU, pool, location
Stock = Mapping[StockKey, int]  # units available to lines of a SKU that are to come from a pool


def plan(demand: Demand, stock: Stock, locations: Sequence[Location], rule_sets: Sequence[RuleSet]) -> Plan:
    """Plan the allocation of an order.

    One location that has everything is preferred to any split; of several, the best score wins, then the lowest code. Where a
    split is allowed, locations are taken by the units they can serve, then by score.
    """
    places = sorted(locations, key=lambda each: each.code)
    lines = tuple(sorted(demand.lines, key=lambda each: each.position))
    demand = msgspec.structs.replace(
        demand, lines=lines, tags=tuple(sorted(demand.tags)), only=tuple(sorted(demand.only)),
        excluded=tuple(sorted(demand.excluded)),
    )  # fmt: skip
    needed = {(line.sku, line.pool) for line in lines}
    view = {key: units for key, units in sorted(stock.items()) if key[:2] in needed and units > 0}
    rules = next((each for each in rule_sets if _fits(each, demand)), DEFAULT_RULES)
    candidates = [_candidate(place, demand, view, rules) for place in places]
    scores = {each.location: each.score for each in candidates if each.score is not None}
    assignments = _assign(demand, view, scores, rules)
    served: dict[int, int] = {}
    for each in assignments:
        served[each.line] = served.get(each.line, 0) + each.quantity
    return Plan(
        rules=rules.name,
        fingerprint=fingerprint(demand, view, places, rules),
        assignments=tuple(assignments),
        candidates=tuple(sorted(candidates, key=lambda each: (-(each.score or -1), each.location))),
        unserved=tuple(
            (line.position, left, _why_unserved(line, view, scores, rules))
            for line in lines
            if (left := line.quantity - served.get(line.position, 0))
        ),
    )


def fingerprint(demand: Demand, stock: Stock, locations: Sequence[Location], rules: RuleSet) -> str:
    """Return a hash of everything that a plan is made of."""
    parts = (demand, [(*key, units) for key, units in stock.items()], list(locations), rules)
    return hashlib.sha256(_ENCODER.encode(parts)).hexdigest()[:32]


def _fits(rules: RuleSet, demand: Demand) -> bool:
    return (
        (not rules.doors or demand.door in rules.doors)
        and (not rules.tags or not set(rules.tags).isdisjoint(demand.tags))
        and (not rules.countries or demand.country in rules.countries)
    )


# ------------------------------------------------------------------------------------------------------------ candidates
def _candidate(place: Location, demand: Demand, stock: Stock, rules: RuleSet) -> Candidate:
    reason = _not_allowed(place, demand)
    if reason is not None:
        return Candidate(place.code, ruled_out=reason)
    for each in rules.filters:
        reason = _ruled_out(each, place, demand, stock)
        if reason is not None:
            return Candidate(place.code, ruled_out=reason)
    if place.room is not None and place.room < 1:
        return Candidate(place.code, ruled_out="it can take no more orders")
    if not any(_units(line, place.code, stock) for line in demand.lines):
        return Candidate(place.code, ruled_out="it has nothing of the order in stock")
    parts = tuple(
        (each.kind, round(1000 * each.weight * _measure(each, place, demand, stock))) for each in rules.scores
    )
    return Candidate(place.code, score=sum(points for _, points in parts), parts=parts)


def _not_allowed(place: Location, demand: Demand) -> str | None:
    if place.closed is not None:
        return place.closed
    if place.code in demand.excluded:
        return "the request excludes it"
    if demand.only and place.code not in demand.only:
        return f"the request allows {', '.join(demand.only)}"
    return None


def _ruled_out(condition: Filter, place: Location, demand: Demand, stock: Stock) -> str | None:
    match condition.kind:
        case "country":
            allowed = condition.values or ((demand.country,) if demand.country else ())
            if allowed and place.country not in allowed:
                return f"it is in {place.country or 'no known country'}, not in {', '.join(map(str, allowed))}"
        case "location_type":
            if place.type not in condition.values:
                return f"it is a {place.type}, not a {' or '.join(condition.values)}"
        case "in_stock":
            if not any(_units(line, place.code, stock) >= line.quantity for line in demand.lines):
                return "it has no line of the order complete"
        case "capacity":
            if place.room is not None and place.room < 1:
                return "it can take no more orders"
        case "distance":
            distance = _distance(place, demand)
            if condition.most is not None and (distance is None or distance > condition.most):
                far = "at an unknown distance" if distance is None else f"{round(distance)} km away"
                return f"it is {far}, more than {condition.most} km are not allowed"
    return None


def _measure(score: Score, place: Location, demand: Demand, stock: Stock) -> float:
    match score.kind:
        case "priority":
            return min(max(place.priority, 0), 100) / 100
        case "distance":
            distance = _distance(place, demand)
            return _nearness(place, demand) if distance is None else 1 - min(distance, FAR_KM) / FAR_KM
        case "coverage":
            wanted = {line.position: line.quantity for line in demand.lines}
            return _servable(place.code, demand, stock, wanted) / sum(wanted.values())
        case "cost":
            return 1 / (1 + max(place.cost, 0))
        case "stock":
            left = [
                (have - line.quantity) / have
                for line in demand.lines
                if (have := _units(line, place.code, stock)) > line.quantity
            ]
            return sum(left) / len(left) if left else 0.0


def _units(line: DemandLine, code: str, stock: Stock) -> int:
    """Return the units of a line that a location could serve."""
    return stock.get((line.sku, line.pool, code), 0) if line.location is None or line.location == code else 0


def _distance(place: Location, demand: Demand) -> float | None:
    """Return the kilometers between a location and the ship-to address, along the sphere; None where a place is unknown."""
    ends = (place.latitude, place.longitude, demand.latitude, demand.longitude)
    return None if None in ends else _great_circle(*ends)


# How near two places are, where coordinates are unknown, by the first part of their addresses that is the same.
_NEARNESS = (("postal_code", 0.995), ("city", 0.98), ("region", 0.95))


def _nearness(place: Location, demand: Demand) -> float:
    if not place.country or place.country != demand.country:
        return 0.0
    for name, measure in _NEARNESS:
        value = getattr(place, name)
        if value and value == getattr(demand, name):
            return measure
    return 0.8


_great_circle = cache(distance_km)


# ------------------------------------------------------------------------------------------------------------ assignment
def _assign(demand: Demand, stock: Stock, scores: Mapping[str, int], rules: RuleSet) -> list[Assignment]:
    left = dict(stock)
    open_units = {line.position: line.quantity for line in demand.lines}
    ranked = sorted(scores, key=lambda code: (-scores[code], code))
    for code in ranked:
        if _serves_all(code, demand, left):
            return _take(code, demand, left, open_units)
    is_small = rules.split_from is not None and (demand.value is None or demand.value < rules.split_from)
    if not rules.split or is_small:
        return []
    # Units that a location can serve only become fewer, so what was computed for it before is an upper bound: the location on
    # top of the heap is the best as soon as its bound still holds.
    heap = [(-_servable(code, demand, left, open_units), rank, code) for rank, code in enumerate(ranked)]
    heapify(heap)
    assignments: list[Assignment] = []
    while heap and any(open_units.values()):
        bound, rank, code = heappop(heap)
        servable = _servable(code, demand, left, open_units)
        if not servable:
            continue
        if servable < -bound:
            heappush(heap, (-servable, rank, code))
            continue
        assignments += _take(code, demand, left, open_units)
    return sorted(assignments, key=lambda each: (each.line, each.location))


def _serves_all(code: str, demand: Demand, left: Stock) -> bool:
    needed: dict[tuple[str, str], int] = {}
    for line in demand.lines:
        if line.location not in (None, code):
            return False
        item = line.sku, line.pool
        needed[item] = needed.get(item, 0) + line.quantity
    return all(left.get((*item, code), 0) >= quantity for item, quantity in needed.items())


def _servable(code: str, demand: Demand, left: Stock, open_units: Mapping[int, int]) -> int:
    units = 0
    for line in demand.lines:
        if line.location is None or line.location == code:
            have, wanted = left.get((line.sku, line.pool, code), 0), open_units[line.position]
            units += have if have < wanted else wanted
    return units


def _take(code: str, demand: Demand, left: dict[StockKey, int], open_units: dict[int, int]) -> list[Assignment]:
    """Assign to a location what it can serve of what is open, line by line."""
    taken = []
    for line in demand.lines:
        units = min(open_units[line.position], _units(line, code, left))
        if units:
            left[line.sku, line.pool, code] -= units
            open_units[line.position] -= units
            taken.append(Assignment(line.position, code, units))
    return taken


def _why_unserved(line: DemandLine, stock: Stock, scores: Mapping[str, int], rules: RuleSet) -> str:
    having = [code for sku, pool, code in stock if (sku, pool) == (line.sku, line.pool)]
    if not having:
        return f"no location has {line.sku} in stock"
    if line.location is not None and line.location not in having:
        return f"{line.location}, which the sender named, has no {line.sku} in stock"
    if not any(code in scores for code in having):
        return f"no location that has {line.sku} passes the rules {rules.name!r}"
    total = sum(stock[line.sku, line.pool, code] for code in having if code in scores)
    if total >= line.quantity and not rules.split:
        return f"no single location has everything, and the rules {rules.name!r} do not split orders"
    if total >= line.quantity:
        return f"no single location has everything, and the order is too small to be split by the rules {rules.name!r}"
    return f"only {total} of {line.quantity} units of {line.sku} are available"
