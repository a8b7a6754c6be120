"""Ventmere S2: order, catalog and sign-in calls."""

from crossdock.doors import Door, SalesAccounts
from crossdock.doors.s2.catalog import ACCOUNT, assign, describe_organization
from crossdock.doors.s2.demo import DEMO_SEEDS, curl, seeds
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
    describe_organization=describe_organization,
    not_yet=NOT_YET,
    sales_accounts=SalesAccounts(ACCOUNT, assign),
)
