"""Shapes of the hub's allocation: settings and rules, the verbs, decisions, tried rules; no logic."""

from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from crossdock.core.allocation.plan import Plan
from crossdock.core.allocation.rules import Filter, RuleSet, Score
from crossdock.core.allocation.settings import AllocationSettings
from crossdock.core.catalog.codes import MAX_CODE
from crossdock.core.errors import Fault
from crossdock.core.iso import COUNTRIES
from crossdock.core.json.request_body import objects_in
from crossdock.core.json.value_types import Country, DateTime, Quantity
from crossdock.core.orders.model import Order
from crossdock.doors import DOORS
from crossdock.doors.hub import wire
from crossdock.doors.hub.mapping import format_id, time_answer
from crossdock.doors.hub.wire import AllocationAnswer, EventAnswer, Id, Name, Position, Reason, Time, about
from crossdock.doors.hub.wire_catalog import Measure
from crossdock.flows.allocation import Difference, ExplainedDecision
from crossdock.flows.allocation_lists import difference_in_words, plan_in_words

Tree = Any
MAX_RULE_SETS = 100
FILTERS = ("country", "location_type", "in_stock", "capacity", "distance")
MAX_BULK = 200  # orders of one call: each is a change of its own
MAX_NAMED = 200  # locations or allocations that a request names
MAX_DAYS = 3_650
CodeOfLocation = Annotated[str, Meta(min_length=1, max_length=MAX_CODE)]
Codes = Annotated[list[CodeOfLocation], Meta(min_length=1, max_length=MAX_NAMED)]
Words = Annotated[list[Name], Meta(max_length=100)]
Days = Annotated[int, Meta(ge=1, le=MAX_DAYS)]


# --------------------------------------------------------------------------------------------------------------- settings
class FilterBody(Struct):
    """A condition that a location must meet."""

    kind: Annotated[
        Literal["country", "location_type", "in_stock", "capacity", "distance"],
        about("`country`: it is in one of `values`, else in the order's; `location_type`: its type is one of `values`;"
              " `in_stock`: it has a line complete; `capacity`: it can take another order; `distance`: at most `most` km"),
    ]  # fmt: skip
    values: Annotated[Words, about("of `country` and `location_type`")] = []
    most: Annotated[Annotated[int, Meta(ge=1, le=40_000)] | None, about("kilometers, of `distance`")] = None


class ScoreBody(Struct):
    """A measure from 0 to 1 of how well a location fits."""

    kind: Annotated[
        Literal["priority", "distance", "coverage", "cost", "stock"],
        about("`priority`: its own; `distance`: nearer is better; `coverage`: the share of the units it has;"
              " `cost`: cheaper is better; `stock`: more left afterwards is better"),
    ]  # fmt: skip
    weight: Annotated[Annotated[int, Meta(ge=1, le=1_000)], about("how much it counts")] = 1


class RuleSetBody(Struct, kw_only=True):
    """Rules of the orders that meet all its conditions; the first set that fits an order is used."""

    name: Annotated[Name, about("decisions show it; unique")]
    doors: Annotated[Words, about("of orders received through these APIs; none are all")] = []
    tags: Annotated[Words, about("of orders with one of these tags; none are all")] = []
    countries: Annotated[
        Annotated[list[Country], Meta(max_length=250)], about("of orders to one of these countries; none are all")
    ] = []
    filters: Annotated[
        Annotated[list[FilterBody], Meta(max_length=20)], about("conditions that a location must meet")
    ] = []
    scores: Annotated[
        Annotated[list[ScoreBody], Meta(min_length=1, max_length=20)] | None,
        about("by which locations are compared; without them coverage 4, priority 2, distance 1"),
    ] = None
    split: Annotated[bool, about("whether several locations may serve one order")] = True
    split_from: Annotated[Measure | None, about("the least total of an order that may be split")] = None


RuleSets = Annotated[list[RuleSetBody], Meta(max_length=MAX_RULE_SETS)]


class SettingsBody(Struct, kw_only=True):
    """How the organization allocates; what is left out has its default."""

    mode: Annotated[
        Literal["arrival", "schedule", "manual"],
        about("`arrival`: when an order comes; `schedule`: every `every_minutes`; `manual`: when a call asks for it"),
    ] = "arrival"
    every_minutes: Annotated[Annotated[int, Meta(ge=1, le=10_080)], about("of the mode `schedule`")] = 15
    rule_sets: Annotated[RuleSets, about("the rules, in the order in which they are tried")] = []
    backorder: Annotated[bool, about("whether what cannot be served waits for stock")] = True
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=1_000)], about("attempts in vain, though stock came, after which an order is held")
    ] = 20
    consent_days: Annotated[
        Annotated[list[Days], Meta(max_length=20)],
        about("days of waiting after which the customer is asked to wait on"),
    ] = []
    max_wait_days: Annotated[Days | None, about("days after which units that wait are canceled; null for never")] = None


def _is_unique(names: list[Tree], place: int) -> bool:
    return names.index(names[place]) == place


def rule_faults(tree: Tree) -> list[Fault]:
    """Rule sets have different names, and their conditions and filters name what there is."""
    faults = []
    names = [each.get("name") for _, each in objects_in(tree, "rule_sets")]
    for at, (place, rules) in enumerate(objects_in(tree, "rule_sets")):
        path = ("rule_sets", place)
        if isinstance(names[at], str) and not _is_unique(names, at):
            faults.append(Fault((*path, "name"), f"must be unique, {names[at]!r} is there already"))
        doors = rules.get("doors")
        faults += [
            Fault((*path, "doors", each), f"must be one of {', '.join(DOORS)}")
            for each, door in enumerate(doors if isinstance(doors, list) else ())
            if isinstance(door, str) and door not in DOORS
        ]
        for each, condition in objects_in(rules, "filters"):
            faults += [
                Fault((*path, "filters", each, *fault.path), fault.reason) for fault in _filter_faults(condition)
            ]
    return faults


def _filter_faults(condition: Tree) -> list[Fault]:
    """Name members that the kind of a filter requires or has no use for."""
    kind, values, most = condition.get("kind"), condition.get("values"), condition.get("most")
    if kind not in FILTERS:
        return []
    faults = []
    if kind in ("country", "location_type"):
        if kind == "location_type" and not values:
            faults.append(Fault(("values",), "must name at least one type of location"))
        if kind == "country" and isinstance(values, list):
            faults += [
                Fault(("values", place), "must be an ISO 3166-1 alpha-2 country code")
                for place, value in enumerate(values)
                if isinstance(value, str) and value not in COUNTRIES
            ]
    elif isinstance(values, list) and values:
        faults.append(Fault(("values",), f"must not be given for {kind}"))
    if kind == "distance" and most is None:
        faults.append(Fault(("most",), "is required for a distance, in kilometers"))
    elif kind != "distance" and most is not None:
        faults.append(Fault(("most",), f"must not be given for {kind}"))
    return faults


def settings_rules(tree: Tree) -> list[Fault]:
    """Days rise, and the customer is asked before what waits is canceled; and see rule_faults."""
    faults = rule_faults(tree)
    days = tree.get("consent_days") if isinstance(tree, dict) else None
    if not isinstance(days, list) or not all(type(day) is int for day in days):
        return faults
    faults += [
        Fault(("consent_days", place), "must be more than the days before it")
        for place in range(1, len(days))
        if days[place] <= days[place - 1]
    ]
    last = tree.get("max_wait_days")
    if days and type(last) is int and last <= max(days):
        faults.append(Fault(("max_wait_days",), f"must be more than {max(days)}, the last of consent_days"))
    return faults


def to_rule_sets(bodies: list[RuleSetBody]) -> tuple[RuleSet, ...]:
    """Make rule sets of their bodies."""
    made = []
    for body in bodies:
        rules = RuleSet(
            body.name,
            doors=tuple(body.doors),
            tags=tuple(body.tags),
            countries=tuple(body.countries),
            filters=tuple(Filter(each.kind, tuple(each.values), each.most) for each in body.filters),
            split=body.split,
            split_from=None if body.split_from is None else Decimal(body.split_from),
        )
        if body.scores is not None:
            scores = tuple(Score(each.kind, each.weight) for each in body.scores)
            rules = msgspec.structs.replace(rules, scores=scores)
        made.append(rules)
    return tuple(made)


def to_settings(body: SettingsBody, before: AllocationSettings) -> AllocationSettings:
    """Make settings of a body; what the body has no member for stays."""
    return msgspec.structs.replace(
        before,
        mode=body.mode,
        every_minutes=body.every_minutes,
        rule_sets=to_rule_sets(body.rule_sets),
        backorder=body.backorder,
        max_attempts=body.max_attempts,
        consent_days=tuple(body.consent_days),
        max_wait_days=body.max_wait_days,
    )


def settings_answer(settings: AllocationSettings) -> dict[str, Tree]:
    """Format settings, with all members."""
    return {
        "mode": settings.mode,
        "every_minutes": settings.every_minutes,
        "rule_sets": [_rule_set_answer(each) for each in settings.rule_sets],
        "backorder": settings.backorder,
        "max_attempts": settings.max_attempts,
        "consent_days": list(settings.consent_days),
        "max_wait_days": settings.max_wait_days,
    }


def _rule_set_answer(rules: RuleSet) -> dict[str, Tree]:
    return {
        "name": rules.name,
        "doors": list(rules.doors),
        "tags": list(rules.tags),
        "countries": list(rules.countries),
        "filters": [{"kind": each.kind, "values": list(each.values), "most": each.most} for each in rules.filters],
        "scores": [{"kind": each.kind, "weight": each.weight} for each in rules.scores],
        "split": rules.split,
        "split_from": None if rules.split_from is None else format(rules.split_from, "f"),
    }


# ----------------------------------------------------------------------------------------------------------------- trying
class TryBody(Struct, kw_only=True):
    """Rules to try on the last decisions; nothing is changed."""

    rule_sets: Annotated[RuleSets | None, about("the rules; null for those that each decision was made with")] = None
    limit: Annotated[Annotated[int, Meta(ge=1, le=2_000)], about("how many of the last decisions")] = 200


class DifferenceAnswer(Struct):
    """A decision that the rules would have made otherwise."""

    order_id: Annotated[Id, about("the order")]
    order_number: Annotated[str, about("the sender's order number")]
    rules_before: Annotated[str, about("the rule set that was used")]
    rules_after: Annotated[str, about("the rule set that would be used")]
    difference: Annotated[str, about("what would be different, in words")]


class TryAnswer(Struct):
    """How many decisions were made again, and those that came out otherwise."""

    decisions: Annotated[int, about("decisions that were made again, with the stock that each saw")]
    differences: Annotated[list[DifferenceAnswer], about("those that came out otherwise, newest first")]


def difference_answer(each: Difference, order: Order) -> DifferenceAnswer:
    """Format what other rules would have decided about an order."""
    names = {position: line.sku for position, line in enumerate(order.content.lines) if line.sku is not None}
    words = difference_in_words(each.before, each.after, names)
    return DifferenceAnswer(format_id(each.order_id), order.content.number, each.before.rules, each.after.rules, words)


# ------------------------------------------------------------------------------------------------------------------ verbs
class UnitsOfLine(Struct):
    line: Annotated[Position, about("the position of the line, from 0")]
    quantity: Annotated[Quantity, about("how many of its units")]


class AllocateBody(Struct, kw_only=True):
    """What to allocate; without members all open units, where the rules say."""

    lines: Annotated[
        Annotated[list[UnitsOfLine], Meta(min_length=1, max_length=wire.MAX_LINES)] | None,
        about("units to allocate; without it all that are not allocated"),
    ] = None
    location: Annotated[CodeOfLocation | None, about("the location that serves them; without it the rules say")] = None
    only: Annotated[Codes | None, about("locations that are allowed; without it all")] = None
    excluded: Annotated[Codes | None, about("locations that are not allowed")] = None
    expires_at: Annotated[DateTime | None, about("when units that have not shipped are given back by themselves")] = (
        None
    )
    reason: Annotated[Reason | None, about("why, for the log")] = None


class DeallocateBody(Struct, kw_only=True):
    """What to give back; without members everything that is open."""

    allocations: Annotated[
        Annotated[list[Id], Meta(min_length=1, max_length=MAX_NAMED)] | None,
        about("ids of allocations; without it all"),
    ] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class ReallocateBody(Struct, kw_only=True):
    """What to move to other locations; without members everything that is open."""

    allocations: Annotated[
        Annotated[list[Id], Meta(min_length=1, max_length=MAX_NAMED)] | None,
        about("ids of allocations; without it all"),
    ] = None
    only: Annotated[Codes | None, about("locations that are allowed; without it all but the present ones")] = None
    excluded: Annotated[Codes | None, about("locations that are not allowed")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


def choice_rules(tree: Tree) -> list[Fault]:
    """A location is allowed or not, not both."""
    only, excluded = (tree.get("only"), tree.get("excluded")) if isinstance(tree, dict) else (None, None)
    if not isinstance(only, list) or not isinstance(excluded, list):
        return []
    return [
        Fault(("excluded", place), f"must not be in only as well: {code!r}")
        for place, code in enumerate(excluded)
        if isinstance(code, str) and code in only
    ]


def allocate_rules(tree: Tree) -> list[Fault]:
    """A location that is named leaves no choice; and see choice_rules."""
    if not isinstance(tree, dict) or tree.get("location") is None:
        return choice_rules(tree)
    return [
        Fault((name,), "must not be given together with location") for name in ("only", "excluded") if tree.get(name)
    ]


class BulkBody(Struct, kw_only=True):
    """Orders to allocate, each for itself."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_BULK), about("ids of orders")]
    only: Annotated[Codes | None, about("locations that are allowed; without it all")] = None
    excluded: Annotated[Codes | None, about("locations that are not allowed")] = None
    reason: Annotated[Reason | None, about("why, for the log")] = None


class BulkResult(Struct):
    """What became of one order: `events` of it, or the `code` and `detail` of the refusal."""

    id: Annotated[str, about("the id that was sent")]
    status: Annotated[str | None, about("the order's status now; null where it was refused")]
    version: Annotated[int | None, about("the order's version now; null where it was refused")]
    events: Annotated[list[EventAnswer], about("what was recorded; none where nothing had to change")]
    code: Annotated[str | None, about("why it was refused: a code on docs/doors/hub.md")]
    detail: Annotated[str | None, about("why it was refused, in words")]


class BulkAnswer(Struct):
    items: Annotated[list[BulkResult], about("one for each id, in their order")]


# -------------------------------------------------------------------------------------------------------------- decisions
class DemandAnswer(Struct):
    """Units of a line that were to be allocated."""

    line: Annotated[int, about("the position of the line")]
    sku: Annotated[str, about("the product")]
    quantity: Annotated[int, about("units")]
    location: Annotated[str | None, about("the only location allowed, where the sender or a call named one")]
    pool: Annotated[str, about("the pool they were to come from")]


class AssignmentAnswer(Struct):
    line: Annotated[int, about("the position of the line")]
    location: Annotated[str, about("the location that serves them")]
    quantity: Annotated[int, about("units")]


class ScorePart(Struct):
    kind: Annotated[str, about("which score")]
    points: Annotated[int, about("its weight times its measure, in thousandths")]


class CandidateAnswer(Struct):
    """A location that was looked at: its score and what it is made of, or why it was ruled out."""

    location: Annotated[str, about("the location")]
    score: Annotated[int | None, about("the sum of the parts; null where it was ruled out")]
    parts: Annotated[list[ScorePart], about("what the score is made of")]
    ruled_out: Annotated[str | None, about("why it was ruled out")]


class UnservedAnswer(Struct):
    line: Annotated[int, about("the position of the line")]
    quantity: Annotated[int, about("units without a location")]
    reason: Annotated[str, about("why")]


class DecisionAnswer(Struct):
    """Why units are where they are."""

    id: Annotated[Id, about("the decision's id")]
    at: Annotated[Time, about("when it was made")]
    rules: Annotated[str, about("the rule set that was used")]
    summary: Annotated[str, about("the decision in words")]
    demand: Annotated[list[DemandAnswer], about("what was to be allocated")]
    assignments: Annotated[list[AssignmentAnswer], about("which location serves what")]
    candidates: Annotated[list[CandidateAnswer], about("every location that was looked at, the best first")]
    unserved: Annotated[list[UnservedAnswer], about("units without a location")]


class AllocationsAnswer(Struct):
    """The allocations of an order, the oldest first, and the decisions about it, the newest first."""

    items: Annotated[list[AllocationAnswer], about("open and closed allocations")]
    decisions: Annotated[list[DecisionAnswer], about("the newest decisions, at most `limit`")]


class PlacedAnswer(AllocationAnswer):
    """An open allocation of a location."""

    order_id: Annotated[Id, about("the order")]
    order_number: Annotated[str, about("the sender's order number")]


def decision_answer(decision: ExplainedDecision) -> DecisionAnswer:
    """Format a decision with everything that led to it."""
    demand, plan = decision.inputs.demand, decision.plan
    return DecisionAnswer(
        id=format_id(decision.decision_id),
        at=time_answer(decision.at),
        rules=plan.rules,
        summary=plan_in_words(plan, {line.position: line.sku for line in demand.lines}),
        demand=[
            DemandAnswer(line.position, line.sku, line.quantity, line.location, line.pool) for line in demand.lines
        ],
        assignments=[AssignmentAnswer(each.line, each.location, each.quantity) for each in plan.assignments],
        candidates=_candidates(plan),
        unserved=[UnservedAnswer(line, quantity, reason) for line, quantity, reason in plan.unserved],
    )


def _candidates(plan: Plan) -> list[CandidateAnswer]:
    return [
        CandidateAnswer(
            each.location, each.score, [ScorePart(kind, points) for kind, points in each.parts], each.ruled_out
        )
        for each in plan.candidates
    ]
