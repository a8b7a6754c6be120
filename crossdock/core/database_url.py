"""Database URLs, split into their parts; `urlsplit` of newer Pythons refuses several hosts with an IPv6 address among them."""

import re

_HOST = re.compile(r"(?:\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{0,6}))?")


def split_url(url: str) -> tuple[str, str, str]:
    """Split a URL after its scheme into authority, path and query."""
    rest, _, query = url.partition("://")[2].partition("#")[0].partition("?")
    authority, slash, path = rest.partition("/")
    return authority, slash + path, query


def check_ports(url: str) -> None:
    """Raise ValueError unless each host of a URL, of which PostgreSQL's may have several, is one, and its port a number."""
    for host in split_url(url)[0].rpartition("@")[2].split(","):
        matched = _HOST.fullmatch(host)
        if matched is None or int(matched["port"] or 0) > 65_535:
            raise ValueError("a host of the database URL is no host and port")
