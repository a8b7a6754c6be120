"""URLs of this server that need no token: each has a signed key for one file and ends after some minutes."""

import re

from crossdock.doors import Request
from crossdock.flows import signed_links

LIFETIME_S = 15 * 60
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]+\Z")


def link_url(request: Request, path: str, *, purpose: str, subject: str) -> str:
    """Return a URL at `path`, whose `{key}` is that of a link to `subject`."""
    key = signed_links.link_key(
        request.context, request.caller, purpose=purpose, subject=subject, lifetime_s=LIFETIME_S
    )  # fmt: skip
    return f"{_base(request)}{path.format(key=key)}"


def _base(request: Request) -> str:
    """Return the public URL of this server; without a setting, the one that the client has called."""
    settings = request.context.settings
    host, scheme = request.headers.get("host") or "", request.headers.get("x-forwarded-proto") or "http"
    if settings.public_url or not _HOST.match(host):
        return (settings.public_url or settings.base_url).rstrip("/")
    return f"{'https' if scheme.lower() == 'https' else 'http'}://{host}"
