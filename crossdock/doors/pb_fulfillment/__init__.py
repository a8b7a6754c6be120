"""The Pitney Bowes Fulfillment door: `DOOR` is all that other packages import."""

from crossdock.doors import Door
from crossdock.doors.pb_fulfillment.demo import DEMO_SEEDS, ORGANIZATION_IDS, curl, seeds
from crossdock.doors.pb_fulfillment.errors import refuse
from crossdock.doors.pb_fulfillment.format import FORMAT
from crossdock.doors.pb_fulfillment.routes import NOT_YET, ROUTES
from crossdock.doors.pb_fulfillment.routes.common import check_transaction

DOOR = Door(
    name=FORMAT.name,
    title="Pitney Bowes Fulfillment",
    routes=ROUTES,
    refuse=refuse,
    format=FORMAT,
    check_caller=check_transaction,
    seeds=seeds,
    demo_seeds=DEMO_SEEDS,
    organization_ids=ORGANIZATION_IDS,
    demo_curl=curl,
    not_yet=NOT_YET,
)
