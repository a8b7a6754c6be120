"""What the application and the HTTP server tell each other: limits, refusals of requests, the server's stop; and open files."""

import resource
from collections.abc import Callable

from msgspec import Struct

from crossdock.settings import Settings

# Key of a refusal in a request's scope, and in the message that ends its body.
REFUSAL = "crossdock.refusal"
# Key of `ServerHooks` in the server's state.
HOOKS = "crossdock.hooks"
# Open files that a process asks for: enough for 10,000 clients and 1,024 receivers of webhooks.
_FILES = 65_536


class ServerHooks(Struct, frozen=True):
    """What the application gives the server when it starts: limits (seconds, connections), and what to call when it stops."""

    head_s: float = 20.0
    body_s: float = 60.0
    send_s: float = 60.0
    idle_s: float = 75.0
    connections: int = 10_000
    stop: Callable[[], None] = lambda: None


def server_hooks(settings: Settings, *, stop: Callable[[], None]) -> ServerHooks:
    """Return the hooks for these settings. Clients get at most half of the open files; the rest is for all else."""
    return ServerHooks(
        settings.head_timeout_s,
        settings.body_timeout_s,
        settings.send_timeout_s,
        settings.idle_timeout_s,
        min(settings.connections_most, raise_file_limit() // 2),
        stop,
    )


def raise_file_limit() -> int:
    """Raise this process's limit of open files as far as it may, and return it; the usual one is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _FILES if soft == resource.RLIM_INFINITY else soft
