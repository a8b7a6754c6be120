"""Rejected: orders that were sent and refused; what is wrong with them, correct them and send them again."""

from urllib.parse import urlencode

from msgspec import Struct
from starlette.responses import Response

from crossdock.core.errors import Code, Fault, NotFound, Refusal
from crossdock.core.ids import MAX_ID, first_id_at, from_base32, to_base32
from crossdock.flows import intake, queries, submission_checks
from crossdock.flows.access import READ, WRITE
from crossdock.flows.queries import SubmissionRecord
from crossdock.flows.submission_checks import SubmissionCheck, SubmissionFilter
from crossdock.web.console.page import Notice, Page, PageRequest
from crossdock.web.console.source_view import PlacedFault, format_path, member_of, place_faults, source_lines, text_of

_PAGE = 50
_HOUR_US = 3_600_000_000
_PERIODS = {"1h": _HOUR_US, "24h": 24 * _HOUR_US, "7d": 168 * _HOUR_US, "30d": 720 * _HOUR_US}
# Characters of a text that is edited here: the form takes up to three bytes for each.
_MAX_EDITED = 500_000
# Calls that create one order; what else was rejected is sent again by the client.
_OF_ONE_ORDER = ("create", "bulk")


# ---------------------------------------------------------------------------------------------------------------- list
class _Row(Struct, frozen=True):
    record: SubmissionRecord
    number: str | None
    reason: str


async def show_list(request: PageRequest) -> Response:
    """List rejected submissions, newest first."""
    query = request.query
    tab = "sent" if query.get("tab") == "sent" else "rejected"
    period = query.get("period", "")
    first = first_id_at(request.context.clock() - _PERIODS[period]) if period in _PERIODS else 0
    records, more = await submission_checks.filtered(
        request.context,
        request.caller,
        status="redriven" if tab == "sent" else "refused",
        wanted=SubmissionFilter(
            query.get("door") or None, query.get("code") or None, query.get("text", "").strip() or None
        ),
        before=from_base32(query.get("before", "")) or MAX_ID,
        first=first,
        limit=_PAGE,
    )
    filters = {name: query.get(name, "") for name in ("tab", "door", "code", "period", "text")}
    return request.render(
        "rejected.html",
        section="rejected",
        tab=tab,
        rows=[_row(request, each) for each in records],
        filters=filters,
        is_filtered=any(filters[name] for name in ("door", "code", "period", "text")),
        doors=[*request.site.doors],
        codes=_code_labels(request),
        more=to_base32(more) if more else None,
    )


def _row(request: PageRequest, record: SubmissionRecord) -> _Row:
    path = request.context.formats[record.door].number_path
    first = record.faults[0].reason if record.faults else ""
    if record.faults and (place := format_path(record.faults[0].path)):
        first = f"{place} {first}"
    number = member_of(record.body, path) if record.operation in _OF_ONE_ORDER else None
    return _Row(record, number, first or reason_of(request, record.code))


def _code_labels(request: PageRequest) -> dict[str, str]:
    t = request.t
    return {
        Code.INVALID: t("Invalid fields"),
        Code.NOT_JSON: t("Not JSON"),
        Code.UNKNOWN_REFERENCE: t("Refers to something unknown"),
        Code.NUMBER_TAKEN: t("Number taken by another order"),
        Code.KEY_REUSED: t("Request id used before"),
        Code.STATE_FORBIDS: t("The order cannot be replaced any more"),
        Code.TOO_LARGE: t("Too large"),
        Code.TOO_DEEP: t("Nested too deeply"),
        Code.NO_SCOPE: t("The client may not create orders"),
        Code.FOREIGN_ORGANIZATION: t("Sent for another organization"),
        "bug": t("An error of this server"),
    }


def reason_of(request: PageRequest, code: str | None) -> str:
    """Return what a code of a refusal means."""
    return _code_labels(request).get(code or "", code or "")


# ----------------------------------------------------------------------------------------------------------------- one
def _id(request: PageRequest) -> int:
    found = from_base32(request.params["id"])
    if found is None:
        raise NotFound(Code.NOT_FOUND, "there is no such submission")
    return found


async def _record(request: PageRequest) -> SubmissionRecord:
    return await queries.submission(request.context, request.caller, submission_id=_id(request))


def _refusal_to_edit(request: PageRequest, record: SubmissionRecord, text: str) -> str | None:
    """Say why a submission cannot be corrected here, None where it can."""
    if record.status != "refused":
        return request.t("It has been accepted; there is nothing to correct.")
    if record.operation not in _OF_ONE_ORDER:
        return request.t("This was a call with many orders. The client has to send the call again.")
    if len(text) > _MAX_EDITED:
        return request.t("The text is too long to be edited here. Download it, correct it, and let the client send it.")
    return None


async def show(request: PageRequest) -> Response:
    """Show a rejected submission: its text with the faults in it, or with `?edit=1` an editor."""
    record = await _record(request)
    return _page(request, record, editing="edit" in request.query)


def _page(
    request: PageRequest,
    record: SubmissionRecord,
    *,
    editing: bool = False,
    typed: str | None = None,
    check: SubmissionCheck | None = None,
    status: int = 200,
) -> Response:
    """Render the page; `typed` is a corrected text, `check` what a dry run said of it."""
    original = text_of(record.body)
    text = original if typed is None else typed
    no_edit = _refusal_to_edit(request, record, original)
    placed = place_faults(text, check.faults if check else record.faults)
    number = member_of(record.body, request.context.formats[record.door].number_path)
    return request.render(
        "rejected_one.html",
        status=status,
        section="rejected",
        record=record,
        number=number,
        reason=reason_of(request, record.code),
        text=text,
        lines=[] if editing else source_lines(text, placed),
        total_lines=text.count("\n") + 1,
        faults=placed,
        check=check,
        editing=editing and no_edit is None and request.may(WRITE),
        no_edit=no_edit,
        is_cut=record.size > len(record.body),
    )


async def download(request: PageRequest) -> Response:
    """Return the bytes as they were sent."""
    record = await _record(request)
    name = f"rejected-{to_base32(record.submission_id)}.txt"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(record.body, media_type="text/plain; charset=utf-8", headers=headers)


# -------------------------------------------------------------------------------------------------------- try and send
async def _check(request: PageRequest, record: SubmissionRecord, raw: bytes) -> SubmissionCheck:
    """Check what sending a text again would do; as `redrive` does it, a bulk call's order replaces one of its number."""
    return await submission_checks.check(
        request.context, request.caller, door=record.door, raw=raw, replaces=record.operation == "bulk"
    )


def _typed(request: PageRequest) -> str:
    return request.form.get("body", "").replace("\r\n", "\n").replace("\r", "\n")


async def check_typed(request: PageRequest) -> Response:
    """Answer the editor's script with the faults of the text that is typed."""
    record = await _record(request)
    text = _typed(request)
    check = await _check(request, record, text.encode())
    placed = place_faults(text, check.faults)
    html = request.fragment("rejected_faults.html", faults=placed, check=check, editing=True, reason="")
    return request.answer_json(
        {"html": html, "lines": sorted({each.line for each in placed if each.line}), "fate": check.fate}
    )


async def try_typed(request: PageRequest) -> Response:
    """Show what sending the text again would do; nothing is stored."""
    record = await _record(request)
    text = _typed(request)
    check = await _check(request, record, text.encode())
    return _page(request, record, editing=True, typed=text, check=check, status=400 if check.fate == "refused" else 200)


async def send_typed(request: PageRequest) -> Response:
    """Send a submission again, corrected where a text comes with the form."""
    record = await _record(request)
    path = f"/console/rejected/{to_base32(record.submission_id)}"
    if record.status != "refused":
        return request.redirect(path, request.t("It was sent again meanwhile; nothing was done."), failed=True)
    text = _typed(request) if "body" in request.form else text_of(record.body)
    corrected = None if text == text_of(record.body) and record.size == len(record.body) else text.encode()
    check, order_id = await _send(request, record, corrected)
    if check is not None:
        return _page(request, record, editing=True, typed=text, check=check, status=400)
    return request.redirect(path, Notice(request.t("The order was accepted.")) if order_id else None)


async def _send(
    request: PageRequest, record: SubmissionRecord, corrected: bytes | None
) -> tuple[SubmissionCheck | None, int | None]:
    """Send a submission again where a dry run finds no fault; so a failed try leaves no second rejected submission.

    Returns why it was refused, or the id of the order.
    """
    if record.status == "refused":
        check = await _check(request, record, record.body if corrected is None else corrected)
        if check.fate == "refused":
            return check, None
    outcome = await intake.redrive(
        request.context, request.site.intake, request.caller, submission_id=record.submission_id, corrected=corrected
    )
    if outcome.refusal is None:
        request.order_id = outcome.order_id
        return None, outcome.order_id
    faults = outcome.refusal.faults if isinstance(outcome.refusal, Refusal) else ()
    reason = outcome.refusal.reason if isinstance(outcome.refusal, Refusal) else request.t("An error of this server")
    return SubmissionCheck("refused", faults=faults or (Fault((), reason),)), None


# ---------------------------------------------------------------------------------------------------------------- many
class _Result(Struct, frozen=True):
    """What became of one of several submissions, or would become of it."""

    record: SubmissionRecord
    number: str | None
    check: SubmissionCheck | None
    faults: tuple[PlacedFault, ...] = ()


def _ids(values: list[str]) -> list[int]:
    found = [from_base32(each) for each in dict.fromkeys(values)]
    return [each for each in found if each is not None][:_PAGE]


async def show_results(request: PageRequest) -> Response:
    """Show for each of some submissions its order, or what sending it again as it was would do."""
    ids = _ids(request.http.query_params.getlist("id"))
    results = []
    for record in await submission_checks.by_ids(request.context, request.caller, ids):
        number = member_of(record.body, request.context.formats[record.door].number_path)
        check = None
        if record.status == "refused" and record.operation in _OF_ONE_ORDER and record.size == len(record.body):
            check = await _check(request, record, record.body)
        placed = place_faults(text_of(record.body), check.faults if check else record.faults)
        results.append(_Result(record, number, check, tuple(placed[:3])))
    sound = [each.record.submission_id for each in results if each.check and each.check.fate != "refused"]
    return request.render("rejected_results.html", section="rejected", results=results, sound=sound)


async def send_selected(request: PageRequest) -> Response:
    """Send several submissions again as they were, those in which a dry run finds no fault."""
    ids = _ids(request.form_lists.get("id", []))
    if not ids:
        return request.redirect("/console/rejected", request.t("Nothing was selected."), failed=True)
    sent = 0
    for record in await submission_checks.by_ids(request.context, request.caller, ids):
        try:
            _, order_id = await _send(request, record, None)
        except Refusal:  # it has been sent meanwhile, or cannot be; the results say how it stands
            continue
        sent += order_id is not None
    query = urlencode({"id": [to_base32(each) for each in ids]}, doseq=True)
    text = request.t.plural(sent, "{n} order was accepted.", "{n} orders were accepted.")
    return request.redirect(f"/console/rejected/results?{query}", text, failed=not sent)


PAGES = (
    Page("GET", "/console/rejected", show_list, "listRejected", READ, "rejected"),
    Page("GET", "/console/rejected/results", show_results, "showRejectedResults", WRITE, "rejected"),
    Page("POST", "/console/rejected/send", send_selected, "sendRejected", WRITE, "rejected"),
    Page("GET", "/console/rejected/{id}", show, "showRejected", READ, "rejected"),
    Page("GET", "/console/rejected/{id}/raw", download, "downloadRejected", READ, "rejected"),
    Page("POST", "/console/rejected/{id}/check", check_typed, "checkRejected", WRITE, "rejected"),
    Page("POST", "/console/rejected/{id}/try", try_typed, "tryRejected", WRITE, "rejected"),
    Page("POST", "/console/rejected/{id}/send", send_typed, "sendOneRejected", WRITE, "rejected"),
)
