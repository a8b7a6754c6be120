"""The forms that change an order: for each action its fields, and the command that what was typed means."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from crossdock.core.orders.commands import (
    AddNote,
    ArchiveOrder,
    CancelOrder,
    ChangeTags,
    Command,
    HoldRequest,
    PlaceHolds,
    ReleaseHolds,
)
from crossdock.core.orders.model import Order
from crossdock.web.console.pages.order_edit import edit_command, edit_fields
from crossdock.web.console.pages.order_fields import (
    MAX_NAME,
    MAX_NOTE,
    MAX_TIME_US,
    Field,
    Subject,
    Typed,
    reason_field,
    text_field,
    units_field,
)
from crossdock.web.console.pages.order_money import (
    appease,
    appease_fields,
    payment,
    payment_fields,
    refund,
    refund_fields,
    request_return,
    return_fields,
)
from crossdock.web.console.pages.order_moves import (
    allocate,
    allocate_fields,
    deallocate,
    deallocate_fields,
    fulfill,
    fulfill_fields,
    reallocate,
    reallocate_fields,
    ship,
    ship_fields,
)
from crossdock.web.console.pages.order_words import line_name
from crossdock.web.console.tag_texts import read_tags, write_tags

MAX_TAGS = 50
_MAX_URL = 2_000
# They are data that rules and mails know by these words, so they are not translated.
_HOLD_REASONS = ("fraud review", "address verification", "payment failed", "customer")
_AMOUNTS = ("authorized", "captured", "refunded", "voided", "settled")


class Action(Struct, frozen=True):
    """An action: its title and what it does, its fields, its command, and whether it can be done without a preview first."""

    title: str
    lead: str
    fields: Callable[[Subject], list[Field]]
    command: Callable[[Subject, Typed], Command]
    button: str
    harmless: bool = False
    danger: bool = False


# -------------------------------------------------------------------------------------------------- hold, release, cancel
def _hold_fields(subject: Subject) -> list[Field]:
    request, order = subject.request, subject.order
    t = request.t
    options = tuple(
        (str(position), line_name(order, position)) for position, line in enumerate(order.counters[:100]) if line.open
    )
    fields = [
        text_field(
            request, "reason", t("Reason"), required=True, hint=t("Some reasons ask the customer by e-mail."),
            suggestions=_HOLD_REASONS,
        ),
        text_field(request, "note", t("Note"), kind="textarea"),
        text_field(
            request, "release_at", t("Ends by itself at"), kind="datetime", hint=t("Empty: when somebody releases it.")
        ),
    ]  # fmt: skip
    if len(options) > 1:
        hint = t("None: the whole order.")
        chosen = tuple(request.form_lists.get("lines", ()))
        fields.append(Field("lines", t("Only these lines"), "checks", hint=hint, options=options, chosen=chosen))
    return fields


class _HoldAgain(Struct, forbid_unknown_fields=True):
    """A hold that was released, to place it again."""

    reason: str
    note: str | None = None
    lines: tuple[int, ...] = ()
    release_at: int | None = None


def _hold(subject: Subject, typed: Typed) -> Command:
    if again := typed.form.get("again"):
        try:
            holds = msgspec.json.decode(again, type=list[_HoldAgain])
        except msgspec.DecodeError:
            holds = []
        requests = tuple(
            HoldRequest(each.reason[:MAX_NAME], each.note and each.note[:MAX_NOTE], each.lines, each.release_at)
            for each in holds[:20]
            if each.release_at is None or each.release_at <= MAX_TIME_US
        )
        return PlaceHolds(**subject.base, holds=requests)
    lines = tuple(int(each) for each in typed.choices("lines") if each.isascii() and each.isdigit() and len(each) < 6)
    request = HoldRequest(
        typed.text("reason", required=True) or "", typed.text("note", most=MAX_NOTE), lines, typed.time("release_at")
    )
    return PlaceHolds(**subject.base, holds=(request,))


def holds_again(order: Order, numbers: Sequence[tuple[int, str]]) -> str:
    """Return the holds that a release ended, as the form takes them to place them again."""
    ended = set(numbers)
    holds = [
        _HoldAgain(hold.reason, hold.note, hold.lines, hold.release_at)
        for hold in order.holds
        if (hold.number, hold.reason) in ended
    ]
    return msgspec.json.encode(holds).decode()


def _release_fields(subject: Subject) -> list[Field]:
    request, t = subject.request, subject.request.t
    options = tuple(
        (f"{hold.number}:{hold.reason}", f"{hold.reason}: {hold.note}" if hold.note else hold.reason)
        for hold in subject.order.holds
    )
    chosen = tuple(request.form_lists.get("holds", [] if request.form else [value for value, _ in options]))
    return [Field("holds", t("Holds that end"), "checks", options=options, chosen=chosen), reason_field(request)]


def _release(subject: Subject, typed: Typed) -> Command:
    chosen = set(typed.choices("holds"))
    if not chosen:
        typed.faults["holds"] = typed.request.t("Choose at least one.")
    return ReleaseHolds(
        **subject.base, matches=lambda hold: f"{hold.number}:{hold.reason}" in chosen, reason=typed.reason()
    )


def _cancel_fields(subject: Subject) -> list[Field]:
    request, order, t = subject.request, subject.order, subject.request.t
    limits = [line.open for line in order.counters]
    suggestions = tuple(t(each) for each in ("customer changed their mind", "out of stock", "fraud", "duplicate order"))
    return [
        units_field(request, order, t("Units to cancel"), limits, hint=t("None: everything that has not shipped.")),
        Field("reason", t("Reason"), value=request.form.get("reason", ""), suggestions=suggestions,
              hint=t("The customer's e-mail does not have it; vendors' formats may.")),
        text_field(request, "note", t("Note"), kind="textarea"),
    ]  # fmt: skip


def _cancel(subject: Subject, typed: Typed) -> Command:
    order = subject.order
    lines = typed.units(order)
    if lines is None and any(line.shipped for line in order.counters):
        lines = {position: line.open for position, line in enumerate(order.counters) if line.open}
    return CancelOrder(**subject.base, lines=lines, reason=typed.reason(), note=typed.text("note", most=MAX_NOTE))


# -------------------------------------------------------------------------------------------------------------- annotations
def _tag_fields(subject: Subject) -> list[Field]:
    request, t = subject.request, subject.request.t
    hint = t("With commas between them, such as: vip, gift. A tag that has a comma stands in quotation marks.")
    return [text_field(request, "tags", t("Tags"), write_tags(subject.order.tags), hint=hint)]


def _tag(subject: Subject, typed: Typed) -> Command:
    tags = read_tags(typed.text("tags", most=MAX_TAGS * 204) or "")
    if any(len(tag) > 100 for tag in tags):
        typed.faults["tags"] = typed.request.t("A tag may have {most} characters.", most=100)
    if len(tags) > MAX_TAGS:
        typed.faults["tags"] = typed.request.t("An order can have {most} tags.", most=MAX_TAGS)
    return ChangeTags(**subject.base, replace=tags)


def _note_fields(subject: Subject) -> list[Field]:
    t = subject.request.t
    hint = t("For your colleagues; the customer does not see it.")
    return [text_field(subject.request, "text", t("Note"), kind="textarea", required=True, hint=hint)]


def _note(subject: Subject, typed: Typed) -> Command:
    return AddNote(**subject.base, text=typed.text("text", most=MAX_NOTE, required=True) or "")


def _reason_only(subject: Subject) -> list[Field]:
    return [reason_field(subject.request)]


# -------------------------------------------------------------------------------------------------------------------- table
def _archive(archived: bool) -> Callable[[Subject, Typed], Command]:
    return lambda subject, typed: ArchiveOrder(**subject.base, archived=archived, reason=typed.reason())


def _edit_fields(subject: Subject) -> list[Field]:
    return [*edit_fields(subject.request, subject.order), reason_field(subject.request)]


def _edit(subject: Subject, typed: Typed) -> Command:
    return edit_command(subject.order, typed)


ACTIONS: dict[str, Action] = {
    "hold": Action("Hold the order", "Nothing is allocated or shipped while it is on hold.", _hold_fields, _hold, "Hold"),
    "release": Action("Release the order", "It goes on where it stopped.", _release_fields, _release, "Release"),
    "edit": Action("Edit the order", "Addresses, contact, references and quantities.", _edit_fields, _edit, "Save"),
    "cancel": Action(
        "Cancel", "What is canceled is not shipped, and its stock is free again. This cannot be undone.", _cancel_fields,
        _cancel, "Cancel it", danger=True,
    ),
    "allocate": Action(
        "Allocate", "Reserve stock of a location for the order.", allocate_fields, allocate, "Allocate",
    ),
    "reallocate": Action(
        "Move to another location", "Another location is to ship it. What none can serve waits for stock.",
        reallocate_fields, reallocate, "Move",
    ),
    "deallocate": Action(
        "Give units back", "The stock is free for other orders.", deallocate_fields, deallocate, "Give back", danger=True
    ),
    "fulfill": Action(
        "Create fulfillment", "A location picks and packs it.", fulfill_fields, fulfill, "Create",
    ),
    "ship": Action(
        "Ship", "The units have left. The customer gets an e-mail, and an invoice is made. This cannot be undone.",
        ship_fields, ship, "Ship", danger=True,
    ),
    "return": Action(
        "Request return", "Units that have shipped are to come back.", return_fields, request_return, "Request",
    ),
    "refund": Action(
        "Refund", "The refund is recorded, with a credit note. Pay it at your payment provider. This cannot be undone.",
        refund_fields, refund, "Record", danger=True,
    ),
    "appease": Action(
        "Give goodwill", "Money back without a return, within the return policy. Pay it at your payment provider.",
        appease_fields, appease, "Record", danger=True,
    ),
    "payment": Action(
        "Record payment", "What a payment provider reports. No money is moved.", payment_fields, payment, "Record",
    ),
    "tag": Action("Tags", "Marks to find orders by. They move nothing.", _tag_fields, _tag, "Save", harmless=True),
    "note": Action("Add note", "It stands in the history.", _note_fields, _note, "Add", harmless=True),
    "archive": Action(
        "Archive", "Lists leave it out. It goes on as before.", _reason_only, _archive(True), "Archive", harmless=True
    ),
    "unarchive": Action(
        "Bring back from the archive", "Lists show it again.", _reason_only, _archive(False), "Bring back", harmless=True
    ),
}  # fmt: skip
