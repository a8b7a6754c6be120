"""One action on several orders: what it would do to each (a dry run), and what it did."""

from collections.abc import Callable, Sequence

import structlog
from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, NotFound, Refusal
from crossdock.core.ids import from_base32, to_base32
from crossdock.core.orders.allocating import AllocateOrder
from crossdock.core.orders.commands import (
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
)
from crossdock.core.orders.model import Order
from crossdock.flows import queries
from crossdock.flows.access import WRITE
from crossdock.flows.execute import Change, execute_each, try_each
from crossdock.web.console.labels import status_label
from crossdock.web.console.page import Page, PageRequest, local_url, no_version
from crossdock.web.console.pages.orders import selected
from crossdock.web.console.tag_texts import read_tags, write_tags

DOOR = "hub"
_MAX_TAGS = 50  # of one order, as at the hub
_LONGEST = {"reason": 500, "hold_reason": 100, "note": 4_000, "tags": 500}
_LONGEST_TAG = 100
# Stands for a value that is not typed yet while the action is tried.
_PLACEHOLDER = "(\u2026)"
_log = structlog.get_logger("crossdock.console")


class BulkAction(Struct, frozen=True):
    """An action: English texts, its fields, and the command it makes of them for one order.

    `undo` is the action that undoes it, with the same fields. `done` is what has become of an order.
    """

    title: str
    button: str
    command: Callable[..., Command]
    done: str
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_dangerous: bool = False
    undo: str | None = None


def _hold(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    hold = HoldRequest(values["hold_reason"], values["note"] or None)
    return PlaceHolds(order_id=order_id, version=version, holds=(hold,))


def _release(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    undo = [text for text in read_tags(values.get("undo", "")) if text.isascii() and text.isdigit() and len(text) < 10]
    if undo:
        return ReleaseHolds(order_id=order_id, version=version, numbers=tuple(map(int, undo)))
    reasons = (values["hold_reason"],) if values["hold_reason"] else None
    return ReleaseHolds(order_id=order_id, version=version, reasons=reasons, reason=values["reason"] or None)


def _cancel(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    return CancelOrder(order_id=order_id, version=version, reason=values["reason"] or None)


def _tag(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    return ChangeTags(order_id=order_id, version=version, add=_tags_of(values), max_tags=_MAX_TAGS)


def _untag(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    return ChangeTags(order_id=order_id, version=version, remove=_tags_of(values))


def _tags_of(values: dict[str, str]) -> tuple[str, ...]:
    return read_tags(values.get("undo", values["tags"]))


def _allocate(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    return AllocateOrder(order_id=order_id, version=version)


def _archive(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    return ArchiveOrder(order_id=order_id, version=version)


def _unarchive(order_id: int, version: int | None, values: dict[str, str]) -> Command:
    return ArchiveOrder(order_id=order_id, version=version, archived=False)


# Titles, buttons and what is done are translated by variable: locales/<language>/values.json has them.
ACTIONS = {
    "hold": BulkAction(
        "Hold orders", "Hold", _hold, "Held", ("hold_reason", "note"), ("hold_reason",), undo="release",
    ),
    "release": BulkAction("Release orders", "Release", _release, "No longer on hold", ("reason",)),
    "cancel": BulkAction("Cancel orders", "Cancel orders", _cancel, "Canceled", ("reason",), is_dangerous=True),
    "tag": BulkAction("Add tags", "Add tags", _tag, "Tagged", ("tags",), ("tags",), undo="untag"),
    "untag": BulkAction("Remove tags", "Remove tags", _untag, "Tags removed", ("tags",), ("tags",), undo="tag"),
    "allocate": BulkAction("Allocate orders", "Allocate", _allocate, "Allocated"),
    "archive": BulkAction("Archive orders", "Archive", _archive, "Archived", undo="unarchive"),
    "unarchive": BulkAction("Bring orders back", "Bring back", _unarchive, "Brought back", undo="archive"),
}  # fmt: skip


class Outcome(Struct, frozen=True):
    """What an action would do, or did, to one order. `kind` is changed, same or refused; `text` says why, where it is refused.

    `seen` is the order's version before the action, `version` the one after it.
    """

    order_id: str
    number: str
    kind: str
    before: str | None
    after: str | None
    seen: int
    version: int
    text: str = ""
    undo: str = ""  # what undoing takes back from this order: the tags it got or lost, or the numbers of its new holds


async def preview(request: PageRequest) -> Response:
    """Show what an action would do to each of the selected orders."""
    return await _preview(request, _action(request))


async def _preview(
    request: PageRequest, action: BulkAction, *, faults: dict[str, str] | None = None, status: int = 200
) -> Response:
    orders = await queries.by_ids(request.context, request.caller, selected(request))
    if not orders:
        return request.redirect(_back(request), request.t("Select orders first."), failed=True)
    values = _typed(request)
    tried = {name: value or (_PLACEHOLDER if name in action.required else "") for name, value in values.items()}
    commands = [action.command(order.order_id, None, tried) for order in orders]
    changes = await try_each(request.context, request.caller, commands, door=DOOR)
    outcomes = [_outcome(request, order, change) for order, change in zip(orders, changes, strict=True)]
    return request.render(
        "orders_bulk.html", section="orders", verb=request.form["verb"], action=action, outcomes=outcomes, values=values,
        faults=faults or {}, changing=[each for each in outcomes if each.kind == "changed"], back=_back(request),
        status=status,
    )  # fmt: skip


async def apply(request: PageRequest) -> Response:
    """Do an action to orders, each at the version that the preview showed, and show what became of each."""
    action, values = _action(request), _typed(request)
    faults = _faults(request, action, values)
    if faults:
        return await _preview(request, action, faults=faults, status=400)
    versions = _versions(request)
    if None in versions.values():
        return no_version()
    before = {order.order_id: order for order in await queries.by_ids(request.context, request.caller, list(versions))}
    if not before:
        return request.redirect(_back(request), request.t("Select orders first."), failed=True)
    commands = [
        action.command(order_id, versions[order_id], values | _own_values(request, order_id)) for order_id in before
    ]
    changes = await execute_each(request.context, request.caller, commands, door=DOOR)
    outcomes = [_outcome(request, order, change) for order, change in zip(before.values(), changes, strict=True)]
    changed = [each for each in outcomes if each.kind == "changed"]
    undo = ACTIONS.get(action.undo or "")
    return request.render(
        "orders_bulk_done.html", section="orders", action=action, outcomes=outcomes, changed=changed, values=values,
        refused=[each for each in outcomes if each.kind == "refused"], undo_verb=action.undo if undo else None,
        back=_back(request),
    )  # fmt: skip


def _action(request: PageRequest) -> BulkAction:
    action = ACTIONS.get(request.form.get("verb", ""))
    if action is None:
        raise NotFound(Code.NOT_FOUND, "there is no such action")
    return action


def _back(request: PageRequest) -> str:
    url = local_url(request.form.get("next", "/console/orders"))
    return url if url.startswith("/console/orders") else "/console/orders"


def _typed(request: PageRequest) -> dict[str, str]:
    return {name: request.form.get(name, "").strip() for name in _LONGEST}


def _own_values(request: PageRequest, order_id: int) -> dict[str, str]:
    """Return what an undo takes back from one order, which may have had some of the tags, or a hold of the reason, before."""
    undo = request.form.get(f"undo-{to_base32(order_id)}")
    return {} if undo is None else {"undo": undo}


def _faults(request: PageRequest, action: BulkAction, values: dict[str, str]) -> dict[str, str]:
    faults = {name: request.t("This is needed.") for name in action.required if not values[name]}
    for name, most in _LONGEST.items():
        if len(values[name]) > most:
            faults[name] = request.t("This may have at most {n} characters.", n=most)
    if any(len(tag) > _LONGEST_TAG for tag in _tags_of(values)):
        faults["tags"] = request.t("A tag may have at most {n} characters.", n=_LONGEST_TAG)
    return faults


def _versions(request: PageRequest) -> dict[int, int | None]:
    """Read the selected orders with the versions that were seen, from `id:version`."""
    found: dict[int, int | None] = {}
    known = set(selected(request))
    for text in request.form_lists.get("order", []):
        name, _, version = text.partition(":")
        order_id = from_base32(name)
        if order_id in known and order_id is not None:
            found[order_id] = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None
    return found


def _outcome(request: PageRequest, order: Order, change: Change | Exception) -> Outcome:
    before = str(order.status)
    number, order_id = order.content.number, to_base32(order.order_id)
    if isinstance(change, Change):
        kind = "changed" if change.events else "same"
        after = change.order
        undo = write_tags(_differences(order, after))
        return Outcome(order_id, number, kind, before, str(after.status), order.version, after.version, undo=undo)
    return Outcome(
        order_id, number, "refused", before, None, order.version, order.version, refusal_text(request, change)
    )


def _differences(before: Order, after: Order) -> list[str]:
    """Return the tags that one of two states of an order has, and the numbers of holds that only the later one has."""
    placed = {hold.number for hold in after.holds} - {hold.number for hold in before.holds}
    return sorted({*before.tags} ^ {*after.tags}) + [str(number) for number in sorted(placed)]


def refusal_text(request: PageRequest, error: Exception) -> str:
    """Say why an order was refused: in the reader's language where the code says all, else as the rule says it."""
    if not isinstance(error, Refusal):
        _log.error("bug", exc_info=error)
        return request.t("Something went wrong on this server. The log has the details.")
    if error.code is Code.STALE_VERSION:
        return request.t("Somebody else changed it meanwhile. Look at it and try again.")
    status = error.facts.get("status")
    if isinstance(error, Conflict) and error.code is Code.STATE_FORBIDS and status and request.t.language != "en":
        label = request.t(status_label(str(status)))
        return request.t("Not possible in the status {status}: {reason}", status=label, reason=error.reason)
    reasons: Sequence[str] = [error.reason, *(fault.reason for fault in error.faults)]
    text = "; ".join(reasons)
    return text[:1].upper() + text[1:]


PAGES = (
    Page("POST", "/console/bulk", preview, "previewBulkAction", WRITE, "orders"),
    Page("POST", "/console/bulk/apply", apply, "doBulkAction", WRITE, "orders"),
)
