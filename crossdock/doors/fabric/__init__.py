"""The fabric door (OMS v2, "Orders v2"); `DOOR` is its public interface."""

from crossdock.doors import Door
from crossdock.doors.fabric.demo import DEMO_SEEDS, ORGANIZATION_IDS, curl, seeds
from crossdock.doors.fabric.errors import refuse
from crossdock.doors.fabric.format import FORMAT
from crossdock.doors.fabric.routes import ROUTES
from crossdock.doors.fabric.routes.site_context import check_site_context
from crossdock.doors.fabric.stock_networks import SOURCE
from crossdock.doors.fabric.webhooks import PAYLOADS

# Holds of customer service, payment and address checks; fraud and customs are resolved without the customer.
CUSTOMER_HOLD_REASONS = (
    "ORDER_HOLD_CSR", "ORDER_HOLD_ADDRESS", "ORDER_HOLD_PAYMENT", "ORDER_HOLD_REVALIDATION",
)  # fmt: skip

DOOR = Door(
    name="fabric",
    title="fabric OMS v2",
    routes=ROUTES,
    refuse=refuse,
    format=FORMAT,
    check_caller=check_site_context,
    seeds=seeds,
    demo_seeds=DEMO_SEEDS,
    organization_ids=ORGANIZATION_IDS,
    demo_curl=curl,
    payloads=PAYLOADS,
    customer_hold_reasons=CUSTOMER_HOLD_REASONS,
    stock_networks=SOURCE,
)
