"""The Pitney Bowes OMS door (order management of Shipping 360): `DOOR` is its only public name."""

from crossdock.doors import Door
from crossdock.doors.pb_oms.demo import curl
from crossdock.doors.pb_oms.errors import refuse
from crossdock.doors.pb_oms.format import FORMAT
from crossdock.doors.pb_oms.reference_lists import REFERENCE_LISTS
from crossdock.doors.pb_oms.routes import ROUTES
from crossdock.doors.pb_oms.routes.not_offered import NOT_OFFERED

DOOR = Door(
    name="pb_oms",
    title="Pitney Bowes OMS",
    routes=ROUTES,
    refuse=refuse,
    format=FORMAT,
    demo_curl=curl,
    not_offered=NOT_OFFERED,
    reference_lists=REFERENCE_LISTS,
)
