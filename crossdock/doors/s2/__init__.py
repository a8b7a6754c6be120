"""Ventmere S2: order, catalog and sign-in calls."""

from crossdock.doors import Door
from crossdock.doors.s2.demo import DEMO_SEEDS, ORGANIZATION_IDS, SALES_ACCOUNTS, curl, seeds
from crossdock.doors.s2.errors import refuse
from crossdock.doors.s2.format import FORMAT
from crossdock.doors.s2.routes import NOT_YET, ROUTES, organization_of

__all__ = ["DOOR"]

DOOR = Door(
    name="s2",
    title="Ventmere S2",
    routes=ROUTES,
    refuse=refuse,
    format=FORMAT,
    organization_of=organization_of,
    seeds=seeds,
    demo_seeds=DEMO_SEEDS,
    demo_curl=curl,
    not_yet=NOT_YET,
    organization_ids=ORGANIZATION_IDS,
    sales_accounts=SALES_ACCOUNTS,
)
