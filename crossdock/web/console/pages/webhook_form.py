"""The form of a webhook: create and change it; its secret is shown once."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.status import Status
from crossdock.core.subscription import SigningSecret, Subscription
from crossdock.flows import endpoints
from crossdock.flows.endpoints import Endpoint
from crossdock.web.console.labels import DOOR_LABELS
from crossdock.web.console.page import PageRequest

# Stands for the value of a header that is stored and not shown.
MASK = "••••••"
_MAX_NAME = 100
_MAX_URL = 2_000
_MAX_PATTERNS = 100


class Values(Struct, frozen=True, kw_only=True):
    """What the fields of the form hold. `topics` are those with a checkbox, `patterns` the others, separated by blanks."""

    name: str = ""
    url: str = ""
    format: str = "event"
    topics: tuple[str, ...] = ()
    patterns: str = ""
    doors: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    headers: str = ""
    secret: str = ""
    secret_kind: str = "hmac"
    start: str = "now"


def _topics(request: PageRequest) -> tuple[str, ...]:
    """Return the event types that have a checkbox."""
    return request.context.payloads["event"].known


def _values_of(request: PageRequest, endpoint: Endpoint) -> Values:
    subscription = endpoints.subscription_of(request.context, endpoint)
    known = _topics(request)
    return Values(
        name=subscription.name,
        url=subscription.url,
        format=subscription.format,
        topics=tuple(each for each in subscription.topics if each in known),
        patterns=" ".join(each for each in subscription.topics if each not in known),
        doors=subscription.doors,
        statuses=subscription.statuses,
        headers="\n".join(f"{name}: {MASK}" for name, _ in subscription.headers),
    )


def _typed(request: PageRequest) -> Values:
    form, lists = request.form, request.form_lists
    texts = {name: form.get(name, "").strip() for name in ("name", "url", "patterns", "headers", "secret")}
    return Values(
        **texts,
        format=form.get("format", "event"),
        topics=tuple(lists.get("topic", [])),
        doors=tuple(lists.get("door", [])),
        statuses=tuple(lists.get("status", [])),
        secret_kind="ed25519" if form.get("secret_kind") == "ed25519" else "hmac",
        start="beginning" if form.get("start") == "beginning" else "now",
    )


def _headers(request: PageRequest, text: str, before: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Parse headers, one a line; a masked value is that of before. Raises Invalid."""
    parsed = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            reason = request.t("Line {n} is no header: write a name, a colon and a value.", n=number)
            raise Invalid(Code.INVALID, reason, faults=(Fault(("headers",), reason),))
        is_masked = value.strip() == MASK
        parsed.append((name.strip(), before.get(name.strip(), "") if is_masked else value.strip()))
    return tuple(parsed)


def _subscription(request: PageRequest, values: Values, before: Subscription) -> Subscription:
    """Return a subscription with the values of the form. Raises Invalid with the faults that only a form can have."""
    faults = []
    if len(values.name) > _MAX_NAME:
        faults.append(Fault(("name",), request.t("must have at most {n} characters", n=_MAX_NAME)))
    if len(values.url) > _MAX_URL:
        faults.append(Fault(("url",), request.t("must have at most {n} characters", n=_MAX_URL)))
    patterns = values.patterns.replace(",", " ").split()
    if len(patterns) > _MAX_PATTERNS:
        faults.append(Fault(("topics",), request.t("must be at most {n}", n=_MAX_PATTERNS)))
    payload = request.context.payloads.get(values.format)
    if payload is not None and payload.is_open and not set(values.topics) <= set(payload.known):
        reason = request.t(
            "This format has events of its own: clear the boxes, and name its events below, or none for all."
        )
        faults.append(Fault(("topics",), reason))
    if faults:
        raise Invalid(Code.INVALID, "the form has faults", faults=tuple(faults))
    return msgspec.structs.replace(
        before,
        name=values.name,
        url=values.url,
        format=values.format,
        topics=tuple(dict.fromkeys([*values.topics, *patterns])),
        doors=values.doors,
        statuses=values.statuses,
        headers=_headers(request, values.headers, dict(before.headers)),
    )


def _page(
    request: PageRequest,
    values: Values,
    *,
    path: str,
    seen: int | None = 0,
    faults: tuple[Fault, ...] = (),
    stored: Values | None = None,
    status: int = 200,
) -> Response:
    """Render the form: `seen` is the version it is made of; `stored` is shown beside other values that were typed."""
    by_field: dict[str, str] = {}
    for each in faults:
        by_field.setdefault(str(each.path[0]) if each.path else "url", each.reason)
    groups: dict[str, list[str]] = {}
    for topic in _topics(request):
        groups.setdefault(topic.partition(".")[0], []).append(topic)
    return request.render(
        "webhook_form.html",
        status=status,
        section="webhooks",
        values=values,
        path=path,
        is_new=path.endswith("/new"),
        faults=by_field,
        seen=seen,
        now=None if stored is None else _differences(stored, values),
        groups=groups,
        formats=[(each, _format_label(request, each)) for each in request.context.payloads],
        doors=[*request.site.doors],
        statuses=[str(each) for each in Status],
    )


def _differences(stored: Values, typed: Values) -> dict[str, str]:
    """Return what is stored of each field that was typed otherwise."""
    differences = {}
    for name in ("name", "url", "format", "topics", "patterns", "doors", "statuses", "headers"):
        value = getattr(stored, name)
        if value != getattr(typed, name):
            differences[name] = value if isinstance(value, str) else ", ".join(value)
    return differences


def _format_label(request: PageRequest, name: str) -> str:
    t = request.t
    if name == "event":
        return t("Event with the order (recommended)")
    if name == "cloudevents":
        return "CloudEvents 1.0"
    if name == "fabric_event":
        return t("Events of fabric")
    return t("The order as {name} shows it", name=DOOR_LABELS.get(name, name))


# --------------------------------------------------------------------------------------------------------------- create
async def show_new(request: PageRequest) -> Response:
    """Show the form of a new webhook."""
    return _page(request, Values(), path="/console/webhooks/new")


async def create(request: PageRequest) -> Response:
    """Create a webhook and show its secret once: the page is the answer to the form, because no other can have it."""
    values = _typed(request)
    secrets = (SigningSecret(values.secret),) if values.secret else ()
    try:
        subscription = _subscription(request, values, Subscription(url="", secrets=secrets))
        made = await endpoints.add(
            request.context,
            request.caller,
            subscription,
            secret_kind=values.secret_kind,  # type: ignore[arg-type]
            from_start=values.start == "beginning",
        )
    except Invalid as refusal:
        return _page(request, values, path="/console/webhooks/new", faults=refusal.faults, status=400)
    except Conflict as refusal:
        fault = Fault(("url",), refusal.reason)
        return _page(request, values, path="/console/webhooks/new", faults=(fault,), status=409)
    return to_secret(request, made, is_new=True)


def to_secret(request: PageRequest, endpoint: Endpoint, *, is_new: bool) -> Response:
    """Send the browser to the page that shows the newest secret of an endpoint once; of an Ed25519 key only the public one."""
    secret = endpoints.subscription_of(request.context, endpoint).secrets[0].value
    public_key = request.context.rules.public_key(secret)
    path = f"/console/webhooks/{to_base32(endpoint.endpoint_id)}/secret"
    kind = "public" if public_key else "shared"
    return request.redirect_to_secret(path, "new" if is_new else "changed", kind, public_key or secret)


async def show_secret(request: PageRequest) -> Response:
    """Show the secret that was made just now; loading the page again leads to the webhook."""
    path, shown = f"/console/webhooks/{request.params['id']}", request.secret(3)
    if shown is None:
        return request.redirect(path)
    return request.render(
        "webhook_secret.html", section="webhooks", path=path, is_new=shown[0] == "new", is_public=shown[1] == "public",
        secret=shown[2], hours=request.context.settings.webhook_rotation_s // 3600,
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- change
async def _endpoint(request: PageRequest) -> Endpoint:
    endpoint_id = from_base32(request.params["id"])
    if endpoint_id is None:
        raise NotFound(Code.NOT_FOUND, "there is no such endpoint")
    return await endpoints.webhook(request.context, request.caller, endpoint_id=endpoint_id)


async def show_edit(request: PageRequest) -> Response:
    """Show the form of a webhook."""
    endpoint = await _endpoint(request)
    path = f"/console/webhooks/{request.params['id']}/edit"
    return _page(request, _values_of(request, endpoint), path=path, seen=endpoint.version)


async def change(request: PageRequest) -> Response:
    """Change a webhook, unless somebody else has changed it since the form was shown."""
    values = _typed(request)
    path = f"/console/webhooks/{request.params['id']}/edit"
    try:
        await endpoints.change(
            request.context,
            request.caller,
            endpoint_id=(await _endpoint(request)).endpoint_id,
            changed=lambda before: _subscription(request, values, before),
            versions=[request.version or 0],
        )
    except Invalid as refusal:
        return _page(request, values, path=path, seen=request.version, faults=refusal.faults, status=400)
    except Conflict:
        newest = await _endpoint(request)
        stored = _values_of(request, newest)
        return _page(request, values, path=path, seen=newest.version, stored=stored, status=409)
    return request.redirect(f"/console/webhooks/{request.params['id']}", request.t("The webhook is saved."))
