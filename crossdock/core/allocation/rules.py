"""Allocation rules as data: filters that a location must pass, and scores by which those that pass are compared.

Rule sets are ordered; the first whose conditions fit the order is used. A rule set is a document of the organization, so its
fields are what the API shows.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

FilterKind = Literal["country", "location_type", "in_stock", "capacity", "distance"]
ScoreKind = Literal["priority", "distance", "coverage", "cost", "stock"]


class Filter(Struct, frozen=True, omit_defaults=True):
    """A condition that a location must meet.

    `country`: it lies in one of `values`, or in the order's country where there are none. `location_type`: its type is one of
    `values`. `in_stock`: it has all units of at least one line. `capacity`: it can take another order. `distance`: it lies at
    most `most` kilometers from the ship-to address.
    """

    kind: FilterKind
    values: tuple[str, ...] = ()
    most: int | None = None


class Score(Struct, frozen=True, omit_defaults=True):
    """A measure from 0 to 1 of how well a location fits, with its weight.

    `priority`: its own priority, from 0 to 100. `distance`: nearer is better. `coverage`: the share of the order's units that
    it has, so that few are split. `cost`: cheaper is better. `stock`: more left afterwards is better.
    """

    kind: ScoreKind
    weight: int = 1


class RuleSet(Struct, frozen=True, omit_defaults=True):
    """Rules of orders that meet the conditions: received through one of `doors`, with one of `tags`, to one of `countries`;
    none set no condition. `split` allows several locations for one order, of at least `split_from` in value."""

    name: str
    doors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    scores: tuple[Score, ...] = (Score("coverage", 4), Score("priority", 2), Score("distance", 1))
    split: bool = True
    split_from: Decimal | None = None


DEFAULT_RULES = RuleSet("default")
FAR_KM = 20_016  # half the way around: no two places are further apart
