"""Every setting once: name, type, default, unit, range. Each is the environment variable CROSSDOCK_<NAME>.

A secret may be in a file instead, which CROSSDOCK_<NAME>_FILE names. docs/settings.md lists all settings, and a test compares.
The options of `crossdock serve` are the same settings.
"""

import difflib
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta, Struct

from crossdock.core.database_url import check_ports, split_url

_PREFIX = "CROSSDOCK_"
# Variables of the test suite share the prefix; servers that tests start inherit them.
_TEST_PREFIX = "CROSSDOCK_TEST_"
_FILE_SUFFIX = "_FILE"
# Settings that may be read from a file, as container platforms hand out secrets.
SECRETS = ("database", "smtp_password", "oidc_client_secret", "token_key", "encryption_key")
# RFC 7518, section 3.2: a key for HS256 has at least the size of its hash. A shorter one can be guessed from any token.
_SHORTEST_TOKEN_KEY = 32

Count = Annotated[int, Meta(ge=0)]
PositiveCount = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "text", "json"]


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one server. A comment beside each limit gives its reason."""

    # Server
    host: str = "127.0.0.1"  # address to listen on
    port: Port = 8000  # port to listen on
    workers: PositiveCount = 1  # server processes; each uses one core
    database: str = "sqlite:///data/crossdock.db"  # sqlite:///path or postgresql://user:password@host/name
    demo: bool = False  # create the organization "Demo" with published credentials; loopback addresses only
    log_level: LogLevel = "info"  # lines of this level and above are logged
    log_format: LogFormat = "auto"  # auto: text for people where standard error is a terminal, else JSON

    traces_url: str = ""  # where spans are sent, OTLP over HTTP; empty: no traces. Needs the extra `otel`
    trusted_proxies: str = ""  # addresses or networks whose X-Forwarded-For names the client

    # Limits
    body_limit_bytes: PositiveCount = 1_048_576  # the largest vendor sample is 5 kB; bulk calls carry 200 orders
    kept_bytes: Count = 65_536  # of a body over the limit, how much of its beginning is stored for inspection
    intake_batch: PositiveCount = 128  # submissions per transaction; more delay the first without saving fsyncs
    intake_waiting: PositiveCount = 4_096  # submissions that wait for a transaction before callers get 503
    # HTTP. A mobile network sends 1 MiB in half a minute; load balancers keep idle connections for 60 s, and must be first to
    # close them.
    head_timeout_s: Seconds = 20.0  # from the first byte of a request to the end of its headers
    body_timeout_s: Seconds = 60.0  # from the end of the headers to the end of the body
    send_timeout_s: Seconds = 60.0  # a response of which less than 64 kB is taken in this time is broken off
    idle_timeout_s: Seconds = 75.0  # a connection without a request
    connections_most: PositiveCount = 10_000  # of clients, in one process; each takes some 10 kB
    # Of one client, in one server process; a client that asks without a token is its address. A client that reads page after
    # page takes a core at some 500 requests a second.
    client_rate: Annotated[float, Meta(ge=0)] = 0.0  # requests a second, on average; 0: no limit
    client_burst: PositiveCount = 200  # requests at once, where there is a limit
    page_limit: PositiveCount = 200  # rows on one page of the hub's lists
    page_bytes: PositiveCount = (
        8_388_608  # of orders on one page of them; 200 common ones have 400 kB, the largest 200 MB
    )
    # Long polls and streams of the event feed in one process; each polls twice a second. With 2,000 of them on PostgreSQL, a
    # create takes 0.4 s.
    followers_most: PositiveCount = 500
    # One PostgreSQL statement, and a pause in a transaction. The slowest search in a million orders takes 0.05 s, and most
    # callers have given up by then.
    database_timeout_s: Annotated[float, Meta(gt=0, le=86_400)] = 10.0
    database_wait_s: Annotated[float, Meta(ge=0)] = 30.0  # at start, for a PostgreSQL that is away: both may just start

    # Timers
    timer_interval_s: Annotated[float, Meta(gt=0)] = 1.0  # between checks for expired holds; a query per organization

    # Catalog and stock
    catalog_most: Count = (
        5_000  # locations, rules or lists of one kind read at once; allocation holds all locations in memory
    )
    allocation_interval_s: Annotated[float, Meta(gt=0)] = (
        5.0  # between looks for orders that wait for stock that has come
    )

    # Webhooks; an attempt must end well before other processes treat its claim as abandoned (120 s)
    worker: bool = True  # deliver webhooks and mails in the server; false where `crossdock work` does
    work_port: Annotated[int, Meta(ge=0, le=65_535)] = 0  # of `crossdock work`, for health checks and metrics; 0: none
    worker_interval_s: Annotated[float, Meta(gt=0)] = 0.5  # between polls for deliveries of other processes; one query
    endpoints_most: Count = 50  # webhook endpoints of an organization; every worker polls each of them
    submission_kept_days: Count = 0  # how long a rejected or repeated submission is stored; 0: for good
    access_log_days: Count = 0  # how long the access log is stored; 0: there is none
    delivery_kept_days: Count = 30  # how long an ended delivery is stored; its event is stored for good
    webhook_timeout_s: Annotated[float, Meta(gt=0, le=60)] = 15.0  # per attempt, from name resolution to response
    webhook_concurrency: PositiveCount = 64  # concurrent attempts per endpoint; nearly all their time is waiting
    webhook_private_allowed: bool = False  # also call private, loopback and link-local addresses
    webhook_loopback_allowed: bool = False  # also call this machine; `serve --demo` turns it on
    webhook_rotation_s: Count = 86_400  # how long an old secret keeps signing beside a new one

    # Mail
    mail_sender: str = ""  # sender address for organizations that set none
    smtp_host: str = ""  # SMTP server; empty: mails are stored, not sent
    smtp_port: Port = 587
    smtp_user: str = ""  # empty: no authentication
    smtp_password: str = ""
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"  # tls: encrypted from the first byte
    smtp_ca_file: str = ""  # certificates to trust besides the system's
    smtp_connections: PositiveCount = 8  # open at a time; servers limit them
    smtp_timeout_s: Annotated[float, Meta(gt=0, le=50)] = 30.0  # per mail
    mails_kept: Count = 1_000  # without an SMTP server, the newest mails stored per organization; each is about 10 kB
    public_url: str = ""  # public base URL of this server, for links in mails and uploads; empty: no links in mails

    # Sign-in to the console by an OpenID Connect provider
    oidc_issuer: str = ""  # the provider's issuer URL; empty: people sign in with passwords only
    oidc_client_id: str = ""
    oidc_client_secret: str = ""  # empty: a public client, which PKCE protects
    oidc_name: str = "your company account"  # how the button of the sign-in page names the provider

    # Tokens
    encryption_key: str = (
        ""  # encrypts stored secrets; several, separated by blanks, while they are replaced; empty: none are
    )
    token_key: str = ""  # secret that signs tokens; empty: one is generated and stored in the database
    token_cache: Count = 10_000  # verified tokens cached per process, a few hundred bytes each
    revocation_delay_s: Annotated[float, Meta(ge=0)] = 5.0  # how long other processes may still accept a revoked token

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """The keys that stored secrets may be encrypted under, the newest first."""
        return tuple(self.encryption_key.split())

    @property
    def base_url(self) -> str:
        """The URL to call this server at, from its own machine."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the settings from the environment, then from `overrides` that are not None.

    Raises ValueError that names the variable (or override) and the values it takes, and for an unknown CROSSDOCK_* variable.
    """
    environment = os.environ if environment is None else environment
    fields = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    _check_names(environment, fields.keys())
    values: dict[str, Any] = {}
    for name, kind in fields.items():
        if overrides.get(name) is not None:
            values[name] = _converted(name, overrides[name], kind)
        elif (text := _text_of(name, environment)) is not None:
            values[name] = _converted(variable_of(name), text, kind)
    settings = Settings(**values)
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Raise ValueError for a value of the right type that cannot be used."""
    if settings.token_key and len(settings.token_key.encode()) < _SHORTEST_TOKEN_KEY:
        raise ValueError(
            f"{variable_of('token_key')} has less than {_SHORTEST_TOKEN_KEY} bytes, so its tokens could be forged; "
            "generate one with: openssl rand -hex 32"
        )
    if any(len(key.encode()) < _SHORTEST_TOKEN_KEY for key in settings.encryption_keys):
        raise ValueError(
            f"{variable_of('encryption_key')} has a key of less than {_SHORTEST_TOKEN_KEY} bytes, which could be guessed; "
            "generate one with: openssl rand -hex 32"
        )
    if settings.traces_url and not settings.traces_url.startswith(("http://", "https://")):
        raise ValueError(
            f"{variable_of('traces_url')} must begin with http:// or https://, not {settings.traces_url!r}"
        )
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise ValueError(
            f"{variable_of('public_url')} must begin with http:// or https://, not {settings.public_url!r}"
        )
    if settings.oidc_issuer and not (settings.oidc_client_id and settings.public_url):
        raise ValueError(
            f"{variable_of('oidc_issuer')} needs {variable_of('oidc_client_id')}, and {variable_of('public_url')}, to which "
            "the provider sends people back"
        )


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return _PREFIX + name.upper()


def file_variable_of(name: str) -> str:
    """Return the environment variable that names the file of a secret setting."""
    return variable_of(name) + _FILE_SUFFIX


def _text_of(name: str, environment: Mapping[str, str]) -> str | None:
    """Return a setting as the environment gives it, that of a secret perhaps in a file; None where it does not."""
    variable, file_variable = variable_of(name), file_variable_of(name)
    if name not in SECRETS or file_variable not in environment:
        return environment.get(variable)
    if variable in environment:
        raise ValueError(f"{variable} and {file_variable} are both set; unset one")
    return _secret_in(environment[file_variable], file_variable)


def _secret_in(path: str, variable: str) -> str:
    """Read a secret from a file, without the line end that editors and `echo` write."""
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"{variable}: {path} cannot be read: {reason}") from None
    if not text.strip():
        raise ValueError(f"{variable}: {path} is empty")
    return text.strip("\r\n")


def without_password(url: str) -> str:
    """Return a database URL without its password, for logs and messages; of an unreadable URL only the scheme."""
    scheme, separator, _ = url.partition("://")
    if scheme == "sqlite":
        return url
    if not separator:
        return "(unreadable database URL)"
    authority, path, query = split_url(url)
    user, at, server = authority.rpartition("@")
    kept = urlencode([pair for pair in parse_qsl(query) if pair[0] != "password"], safe="/")
    try:
        check_ports(url)  # an unreadable one may be part of a password with a slash in it
    except ValueError:
        return f"{scheme}://…"
    return f"{scheme}://{user.partition(':')[0]}{at}{server}{path}{'?' if kept else ''}{kept}"


def _check_names(environment: Mapping[str, str], names: Collection[str]) -> None:
    """Raise ValueError for a CROSSDOCK_* variable that is no setting: a misspelled one would be ignored silently."""
    known = {variable_of(name) for name in names} | {file_variable_of(name) for name in SECRETS}
    for variable in environment:
        if not variable.startswith(_PREFIX) or variable in known or variable.startswith(_TEST_PREFIX):
            continue
        similar = difflib.get_close_matches(variable.removeprefix(_PREFIX).lower(), names, n=1)
        hint = f"did you mean {variable_of(similar[0])}?" if similar else "docs/settings.md lists all settings"
        raise ValueError(f"{variable} is not a setting; {hint}")


def _converted(name: str, value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        raise ValueError(f"{name}: {value!r} is not {_expected(kind)}") from None


def _expected(kind: Any) -> str:
    """Describe the values a setting takes."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    base, *notes = get_args(kind) if get_origin(kind) is Annotated else (kind,)
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[base]
    for note in notes:
        if note.gt is not None:
            words += f" above {note.gt}" + (f" and at most {note.le}" if note.le is not None else "")
        else:
            words += f" from {note.ge} to {note.le}" if note.le is not None else f" of at least {note.ge}"
    return words
