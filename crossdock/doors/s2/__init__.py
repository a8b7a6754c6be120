"""The Ventmere S2 door: `DOOR` is all the server sees of it, the rest is for the program's commands about sales accounts."""

from crossdock.doors import Door
from crossdock.doors.s2.catalog import ACCOUNT, assigning, warehouse_of
from crossdock.doors.s2.demo import DEMO_SEEDS, curl, seeds
from crossdock.doors.s2.mapping import FORMAT
from crossdock.doors.s2.routes import ROUTES, organization_of, refuse

__all__ = ["ACCOUNT", "DOOR", "assigning", "warehouse_of"]

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
)
