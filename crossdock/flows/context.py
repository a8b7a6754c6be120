"""What every flow works with: the store, the clock, ids, settings, and the formats that the doors bring."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from crossdock.core.ids import IdGenerator
from crossdock.flows.access_recorder import AccessRecorder
from crossdock.flows.background import BackgroundTasks
from crossdock.flows.background_jobs import BackgroundJobs
from crossdock.flows.callers import Access
from crossdock.flows.clock_watch import ClockWatch
from crossdock.flows.document_cache import DocumentCache
from crossdock.flows.endpoint_checks import EndpointChecks
from crossdock.flows.formats import Format
from crossdock.flows.payload_formats import PayloadFormat
from crossdock.flows.rate_limits import RateLimits
from crossdock.flows.vault import Vault
from crossdock.flows.wakeup import Wakeup
from crossdock.settings import Settings
from crossdock.store.protocols import Store, Transaction
from crossdock.store.reads_within import ReadsWithin

# The door that changes made by this server itself are recorded under, such as holds that expire.
SYSTEM_DOOR = "hub"


class Context:
    """What every flow needs. One per process; `app.py` makes it. The clock gives microseconds since 1970 UTC."""

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings,
        clock: Callable[[], int],
        id_generator: IdGenerator,
        access: Access,
        vault: Vault,
        formats: Mapping[str, Format],
        payloads: Mapping[str, PayloadFormat],
        rules: EndpointChecks,
        customer_hold_reasons: tuple[str, ...] = (),
        papers: Any = None,
        networks: tuple[Any, ...] = (),
    ) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.id_generator = id_generator
        self.access = access
        self.vault = vault
        self.formats = formats
        self.payloads = payloads
        self.rules = rules
        self.customer_hold_reasons = (
            customer_hold_reasons  # hold codes of vendors that need an answer from the customer
        )
        self.papers = papers  # flows.paper_renderers.PaperRenderers
        self.networks = networks  # flows.stock_networks.NetworkSource of each door that has networks
        self.document_cache = DocumentCache()  # only flows/rendering.py reads and fills it
        self.wakeup = Wakeup()  # notified when events were committed
        self.stock_freed = Wakeup()  # notified when units have become available
        # By organization: when flows/backorders.py allocated new orders last, and the newest of them.
        self.allocation_runs: dict[int, tuple[int, int]] = {}
        self.allocation_setups: dict[int, Any] = {}  # only flows/allocation_setup.py reads and fills it
        self.placement_rules: dict[tuple[int, str], Any] = {}  # only flows/placement_rules.py reads and fills it
        self.rate_limits = RateLimits(settings.client_rate, settings.client_burst)
        self.access_log = AccessRecorder(
            store, clock=clock, id_generator=id_generator, kept_days=settings.access_log_days
        )
        self.clock_watch = ClockWatch(clock)
        self.background = BackgroundTasks()
        self.jobs = BackgroundJobs()
        self.stopping = asyncio.Event()  # set when the server stops: who waits in a request then replies at once
        # When a submission last came to this process; the worker beside it steps back while they come.
        self.submitted_at = 0

    def stop(self) -> None:
        """Tell requests that wait, such as long polls and streams, that the server stops."""
        self.stopping.set()
        self.wakeup.notify()

    def within(self, tx: Transaction) -> "Context":
        """Return a context whose reads all happen in the transaction `tx`: several queries see one state."""
        bound = Context.__new__(Context)
        bound.__dict__.update(self.__dict__)  # copy.copy takes seven times as long, and every read does it
        bound.store = ReadsWithin(self.store, tx)
        return bound
