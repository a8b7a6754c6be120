"""PostgreSQL connection URLs: what libpq takes in them and asyncpg does not, translated or refused by name.

Hosting providers print URLs for libpq. asyncpg sends every parameter it does not know to the server, which answers
"unrecognized configuration parameter".
"""

import ssl
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

# libpq's, without effect here: Crossdock sets keepalives of its own on each connection and tries hosts in their order, and
# asyncpg has no GSS encryption, no TLS compression, and always sends the server's name in TLS.
_IGNORED = frozenset(
    {
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "sslcompression",
        "sslsni",
        "load_balance_hosts",
    }
)
# Of other programs: Prisma, PgBouncer set-ups, Vercel, JDBC.
_FOREIGN = frozenset(
    {
        "schema",
        "connection_limit",
        "pool_timeout",
        "sslaccept",
        "supa",
        "uselibpqcompat",
        "ssl",
        "currentSchema",
    }
)
_VERIFYING = ("verify-ca", "verify-full")
_SHORTEST_TIMEOUT_S = 2  # as in libpq


class ParsedUrl(NamedTuple):
    """A URL that asyncpg understands, and more arguments for its connect() (`timeout`, `ssl`).

    `is_pooled` (`pgbouncer=true`, as Prisma spells it): each transaction gets another connection, so that nothing may be
    set or prepared for longer.
    """

    dsn: str
    arguments: dict[str, Any]
    is_pooled: bool


def parse(url: str) -> ParsedUrl:
    """Parse a URL as libpq spells it.

    Raises ValueError that names a parameter which cannot be understood.
    """
    base, _, query = url.partition("?")
    try:
        given = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise ValueError("the parameters of the database URL must be written as ?name=value&name=value") from None
    if foreign := sorted(given.keys() & _FOREIGN):
        raise ValueError(
            f"PostgreSQL has no parameter {foreign[0]}, it is another program's; remove it from the database URL"
        )
    _check_encryption(given)
    arguments: dict[str, Any] = {}
    if timeout := given.pop("connect_timeout", ""):
        arguments |= _timeout(timeout)
    if given.get("sslrootcert") == "system":  # libpq's word for the certificates the operating system trusts
        del given["sslrootcert"]
        if given.pop("sslmode", "verify-full") != "verify-full":
            raise ValueError("sslrootcert=system needs sslmode=verify-full in the database URL")
        arguments["ssl"] = ssl.create_default_context()
    if name := given.pop("fallback_application_name", ""):
        given.setdefault("application_name", name)
    is_pooled = _truth(given.pop("pgbouncer", "false"))
    kept = {name: value for name, value in given.items() if name not in _IGNORED}
    return ParsedUrl(f"{base}?{urlencode(kept, safe='/:')}" if kept else base, arguments, is_pooled)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("pgbouncer in the database URL must be true or false")
    return text == "true"


def _check_encryption(given: dict[str, str]) -> None:
    """Take out what asks for a protection that asyncpg lacks. Refuses where another one does not replace it."""
    binding, gss = given.pop("channel_binding", "prefer"), given.pop("gssencmode", "prefer")
    # Binding shows that nobody sits between client and server; so does the server's certificate, where it is checked.
    if binding == "require" and given.get("sslmode") not in _VERIFYING:
        raise ValueError(
            "channel_binding=require is not supported; in the database URL, write sslmode=verify-full&sslrootcert=system "
            "instead, which checks the server's certificate"
        )
    if gss == "require":
        raise ValueError("gssencmode=require is not supported; use sslmode in the database URL")


def _timeout(text: str) -> dict[str, float]:
    """Return the time-out of a new connection; 0 and less is none in libpq, and the default here."""
    try:
        seconds = int(text)
    except ValueError:
        raise ValueError("connect_timeout in the database URL must be a number of seconds") from None
    return {"timeout": float(max(seconds, _SHORTEST_TIMEOUT_S))} if seconds > 0 else {}
