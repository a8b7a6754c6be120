"""Every setting once: name, type, default, unit, help. Each is an environment variable CROSSDOCK_<NAME>.

docs/settings.md lists them; a test compares. Command-line options of `crossdock serve` are the same settings.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one server. Limits carry their reason beside them."""

    # Where and how to serve
    host: str = "127.0.0.1"  # address to listen on
    port: int = 8000  # port to listen on
    workers: int = 1  # server processes; each takes one core
    database: str = "sqlite:///data/crossdock.db"  # sqlite:///path or postgresql://user:password@host/name
    demo: bool = False  # make the organization "Demo" with published credentials; loopback only
    log_level: str = "info"  # debug, info, warning, error

    # Limits
    body_limit_bytes: int = 1_048_576  # the largest vendor sample is 5 kB; bulk calls carry 200 orders
    kept_bytes: int = 65_536  # of a body over the limit, this much of its beginning is kept to show what it was
    intake_batch: int = 128  # submissions in one transaction; more delay the first without saving fsyncs
    intake_waiting: int = 4_096  # submissions waiting for a transaction before callers are told to come back
    page_limit: int = 200  # rows of one page of the hub's lists
    # One PostgreSQL statement, and a pause in a transaction. The slowest search in a million orders takes 0.05 s, and a
    # caller who waits longer than this has mostly given up.
    database_timeout_s: Annotated[float, Meta(gt=0, le=86_400)] = 10.0

    # What happens by itself
    timer_interval_s: float = (
        1.0  # between two looks for holds whose time has come; a look is one query an organization
    )

    # Telling others; an attempt must be over long before another process takes its delivery for abandoned (120 s)
    worker: bool = True  # deliver webhooks and mails in the server; false where `crossdock work` does it
    worker_interval_s: float = 0.5  # between two looks for what other processes left to deliver; a look is one query
    endpoints_most: int = 50  # webhook endpoints of an organization; each is looked at by every worker
    delivery_kept_days: int = 30  # of a delivery that is over; its event stays for good
    webhook_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 15.0  # for an attempt, from the look-up to the answer
    webhook_concurrency: int = 64  # attempts under way to one endpoint; receivers are mostly waited for
    webhook_private_allowed: bool = False  # call private, loopback and link-local addresses too
    webhook_rotation_s: int = 86_400  # how long an old secret goes on signing beside a new one

    # Mails
    mail_sender: str = ""  # address mails come from where an organization names none of its own
    smtp_host: str = ""  # server that takes mails; empty means that mails are kept instead of sent
    smtp_port: int = 587  # its port
    smtp_user: str = ""  # who to sign in as; empty means not to
    smtp_password: str = ""  # the password of that user
    smtp_tls: str = "starttls"  # starttls, tls (from the first byte), none
    smtp_ca_file: str = ""  # certificates to trust besides the system's
    smtp_timeout_s: Annotated[float, Meta(gt=0, le=50)] = 30.0  # for one mail
    mails_kept: int = 1_000  # without a server, an organization's newest; each is some 10 kB
    public_url: str = ""  # where customers reach this server, for the links in mails; empty means no such links

    # Tokens
    token_key: str = ""  # secret that signs tokens; empty means one made and kept in the database
    token_cache: int = 10_000  # verified tokens remembered by a process, a few hundred bytes each
    revocation_delay_s: float = 5.0  # how long another process may still honor a token after its revocation


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read settings from the environment, then from `overrides` that are not None.

    Raises ValueError naming the variable and what it must be.
    """
    environment = os.environ if environment is None else environment
    given: dict[str, Any] = {}
    for each in msgspec.structs.fields(Settings):
        name = f"CROSSDOCK_{each.name.upper()}"
        if name in environment:
            try:
                given[each.name] = msgspec.convert(environment[name], each.type, strict=False)
            except msgspec.ValidationError as error:
                raise ValueError(f"{name}: {error}") from None
    given |= {name: value for name, value in overrides.items() if value is not None}
    return Settings(**given)
