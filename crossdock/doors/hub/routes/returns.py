"""Returns in the hub: what can be returned, request, list, receive, judge, cancel, refund; refunds; the return policy."""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.errors import Code, Fault, NotFound, Path
from crossdock.core.ids import MAX_ID
from crossdock.core.orders.commands import Command
from crossdock.core.orders.returns import Return, ReturnStatus
from crossdock.core.returns.commands import (
    AppeaseOrder,
    CancelReturn,
    JudgeReturn,
    ReceiveReturn,
    RefundOrder,
    RequestReturn,
    eligible_lines,
)
from crossdock.doors import Reply, Request, Route, in_one_view, json_reply
from crossdock.doors.hub import errors, mapping, wire, wire_fulfillment, wire_returns
from crossdock.doors.hub.routes.allocation import check_locations
from crossdock.doors.hub.routes.catalog_calls import BODY, IF_MATCH
from crossdock.doors.hub.routes.parameters import (
    PAGE,
    PROBLEMS,
    cursor_after,
    described,
    known_query,
    link,
    page_of,
    query_faults,
    raise_faults,
    read_body,
    read_cursor,
    read_if_match,
    read_limit,
)
from crossdock.doors.hub.routes.verbs import (
    MoreMembers,
    VerbOptions,
    change_route,
    execute_verb,
    order_id_of,
    read_options,
    read_verb_body,
    renaming_paths,
    with_location,
)
from crossdock.flows import access, catalog, fulfillment, fulfillment_owners, queries
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.execute import Change

Tree = Any
PATH = "/hub/v1/returns"
POLICY = "/hub/v1/return-policy"
STATUSES = tuple(map(str, ReturnStatus))


# ------------------------------------------------------------------------------------------------------------------ request
async def request_return(request: Request) -> Reply:
    """Ask units of an order back."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    body = read_verb_body(request, options, wire_returns.ReturnBody, wire_fulfillment.line_rules, raw=raw)
    await check_locations(request, location=body.location)
    lines = body.lines
    command = RequestReturn(
        order_id=order_id_of(request), new_id=fulfillment.new_ids(request.context),
        lines=wire_fulfillment.to_units(lines), reasons={each.line: each.reason for each in lines or () if each.reason},
        policy=await fulfillment.return_policy(request.context, request.caller), overrule=body.overrule,
        reference=body.reference, location=body.location, label_url=body.label_url, exchange=body.exchange, note=body.note,
        reason=body.reason,
    )  # fmt: skip

    def rename(path: Path) -> Path:
        is_reason = path[:1] == ("lines",) and path[2:] == ("reason",)
        common = is_reason and (lines is None or lines[int(path[1])].reason is None)
        return ("reason",) if common else path

    def latest(change: Change) -> dict[str, Tree]:
        return {"return": mapping.return_answer(change.order.returns[-1])}

    reply = await renaming_paths(execute_verb(request, options, command, status=201, more=latest), rename)
    return with_location(reply, "return", PATH)


@in_one_view
async def get_eligibility(request: Request) -> Reply:
    """Answer what of an order can be returned now, and why other lines cannot."""
    known_query(request)
    order = await queries.order(request.context, request.caller, order_id=order_id_of(request))
    policy = await fulfillment.return_policy(request.context, request.caller)
    found = eligible_lines(order, policy, request.context.clock())
    return json_reply(200, wire_returns.eligibility_answer(policy, found), order_id=order.order_id)


# --------------------------------------------------------------------------------------------------------------------- read
@in_one_view
async def list_returns(request: Request) -> Reply:
    """Answer a page of returns, newest first."""
    query, faults = request.query, query_faults(request, ("status", "limit", "cursor"))
    if query.get("status") not in (None, *STATUSES):
        faults.append(Fault((errors.QUERY, "status"), f"must be one of {', '.join(STATUSES)}"))
    limit, before = read_limit(request, query, faults), read_cursor(query, faults)
    raise_faults(faults)
    found = await fulfillment.page(
        request.context,
        request.caller,
        part="return",
        before=before or MAX_ID,
        limit=limit + 1,
        status=query.get("status"),
    )
    parts = [(each.order, each.part) for each in found if isinstance(each.part, Return)]
    cursor = cursor_after(query, parts[limit - 1][1].return_id if len(parts) > limit else None)
    items = [wire_returns.document_answer(order, part) for order, part in parts[:limit]]
    return json_reply(200, {"items": items, "next": cursor}, headers=link(request, query, cursor))


async def get_return(request: Request) -> Reply:
    """Answer a return; the ETag is that of its order."""
    known_query(request)
    value = mapping.parse_id(request.params["id"])
    order = await fulfillment.order_of(request.context, request.caller, part="return", value=value)
    found = next(each for each in order.returns if each.return_id == value)
    body = wire_returns.document_answer(order, found)
    return json_reply(200, body, headers=[("ETag", f'"{order.version}"')], order_id=order.order_id)


# -------------------------------------------------------------------------------------------------------------------- verbs
async def _of(request: Request) -> dict[str, Any]:
    """Return the ids of the return that the path names and of its order. Refuses with NotFound."""
    value = mapping.parse_id(request.params["id"]) or 0
    found = await fulfillment_owners.order_ids(request.context, request.caller, [("return", value)])
    if not found:
        raise NotFound(Code.NOT_FOUND, "there is no such return")
    return {"order_id": found["return", value], "return_id": value}


async def _change(request: Request, options: VerbOptions, command: Command) -> Reply:
    """Execute a command on the return of the path, and answer it with its order and the events."""
    value = mapping.parse_id(request.params["id"])

    def same(change: Change) -> dict[str, Tree]:
        found = next(each for each in change.order.returns if each.return_id == value)
        return {"return": mapping.return_answer(found)}

    return await execute_verb(request, options, command, more=same)


async def receive_return(request: Request) -> Reply:
    """Record units that came back."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    body = read_verb_body(request, options, wire_returns.ReceiveReturnBody, wire_fulfillment.line_rules, raw=raw)
    ids = await _of(request)
    await check_locations(request, location=body.location)
    command = ReceiveReturn(
        **ids, lines=wire_fulfillment.to_units(body.lines), location=body.location, reason=body.reason
    )
    return await _change(request, options, command)


async def judge_return(request: Request) -> Reply:
    """Restock, scrap or reject units that came back."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_returns.JudgeBody, wire_returns.judge_rules)
    ids = await _of(request)
    await check_locations(request, location=body.location)
    command = JudgeReturn(
        **ids, restock=wire_fulfillment.to_units(body.restock) or {},
        scrap=wire_fulfillment.to_units(body.scrap) or {}, reject=wire_fulfillment.to_units(body.reject) or {},
        location=body.location, reason=body.reason,
    )  # fmt: skip

    def rename(path: Path) -> Path:
        return (*wire_returns.path_of_judgment(body, int(path[1])), *path[2:]) if path[:1] == ("lines",) else path

    return await renaming_paths(_change(request, options, command), rename)


async def cancel_return(request: Request) -> Reply:
    """Cancel what of a return has not come."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    body = read_verb_body(request, options, wire_returns.CancelReturnBody, raw=raw)
    return await _change(request, options, CancelReturn(**await _of(request), reason=body.reason))


# ------------------------------------------------------------------------------------------------------------------ refunds
def _refunded(reference: str | None) -> MoreMembers:
    """Return the member with the refund that a call made: the one under its reference, or the newest."""

    def more(change: Change) -> dict[str, Tree]:
        named = [each for each in change.order.refunds if reference is not None and each.reference == reference]
        return {"refund": mapping.refund_answer((named or list(change.order.refunds))[-1])}

    return more


async def refund_return(request: Request) -> Reply:
    """Refund what of a return came and was not rejected."""
    options = read_options(request)
    raw = None if request.body.strip() else b"{}"
    body = read_verb_body(request, options, wire_returns.RefundReturnBody, wire_returns.return_refund_rules, raw=raw)
    command = RefundOrder(
        **await _of(request), new_id=fulfillment.new_ids(request.context), kind="return",
        amount=None if body.amount is None else Decimal(body.amount), fee=Decimal(body.fee or 0),
        without=tuple(body.without), reference=body.reference, reason=body.reason,
    )  # fmt: skip

    def rename(path: Path) -> Path:
        return ("fee",) if path == ("amount",) and body.fee is not None else path

    return await renaming_paths(execute_verb(request, options, command, more=_refunded(body.reference)), rename)


async def refund_order(request: Request) -> Reply:
    """Refund an amount, or what units of an order cost."""
    options = read_options(request)
    body = read_verb_body(request, options, wire_returns.RefundBody, wire_returns.refund_rules)
    members: dict[str, Any] = {
        "order_id": order_id_of(request), "new_id": fulfillment.new_ids(request.context), "kind": body.kind,
        "lines": wire_fulfillment.to_units(body.lines), "reference": body.reference, "reason": body.reason,
        "amount": None if body.amount is None else Decimal(body.amount),
    }  # fmt: skip
    command = RefundOrder(**members)
    if body.kind == "appeasement":
        policy = await fulfillment.return_policy(request.context, request.caller)
        command = AppeaseOrder(**members, policy=policy, line=body.line)
    return await execute_verb(request, options, command, more=_refunded(body.reference))


# ------------------------------------------------------------------------------------------------------------------- policy
async def get_policy(request: Request) -> Reply:
    """Answer the return policy; the default one where none was stored."""
    known_query(request)
    kind, key = fulfillment.POLICY_KIND, fulfillment.POLICY_KEY
    found = await catalog.find(request.context, request.caller, kind=kind, keys=[key])
    policy = await fulfillment.return_policy(request.context, request.caller)
    headers = [("ETag", f'"{found[0].version}"')] if found else []
    return json_reply(200, wire_returns.policy_answer(policy), headers=headers)


async def put_policy(request: Request) -> Reply:
    """Replace the return policy."""
    faults = query_faults(request, ())
    versions = read_if_match(request, faults)
    body = read_body(request, faults, wire_returns.PolicyBody, wire_returns.policy_rules)
    policy = wire_returns.to_policy(body)

    def make(before: CatalogEntry | None) -> Draft:
        return Draft(msgspec.json.encode(policy))

    changed = await catalog.change(
        request.context, request.caller, kind=fulfillment.POLICY_KIND, key=fulfillment.POLICY_KEY, make=make,
        versions=versions, create=True,
    )  # fmt: skip
    return json_reply(200, wire_returns.policy_answer(policy), headers=[("ETag", f'"{changed.version}"')])


# -------------------------------------------------------------------------------------------------------------------- table
def _verb(verb: str, handle: Any, summary: str, request: Any, answer: type[msgspec.Struct]) -> Route:
    return change_route(f"{PATH}/{{id}}/{verb}", handle, f"{verb}Return", summary, request, answer=answer)


ROUTES = (
    change_route("/hub/v1/orders/{id}/returns", request_return, "requestReturn", "Request a return of an order",
                 {"oneOf": [wire_returns.ReturnBody]}, answer=wire_returns.ReturnChange, status=201),
    Route("GET", ("/hub/v1/orders/{id}/returns/eligibility",), get_eligibility, access.READ, "getReturnEligibility",
          "Read what of an order can be returned",
          answers={200: wire_returns.EligibilityAnswer, 404: wire.Problem, **PROBLEMS}),
    Route("GET", (PATH,), list_returns, access.READ, "listReturns", "List returns",
          answers={200: page_of(wire_returns.ReturnDocument), **PROBLEMS},
          parameters=(described("status", "query", "only those in this status", enum=list(STATUSES)), *PAGE)),
    Route("GET", (f"{PATH}/{{id}}",), get_return, access.READ, "getReturn", "Read a return",
          answers={200: wire_returns.ReturnDocument, 404: wire.Problem, **PROBLEMS}),
    _verb("receive", receive_return, "Record units that came back", {"oneOf": [wire_returns.ReceiveReturnBody]},
          wire_returns.ReturnChange),
    _verb("judge", judge_return, "Restock, scrap or reject units that came back", wire_returns.JudgeBody,
          wire_returns.ReturnChange),
    _verb("cancel", cancel_return, "Cancel what of a return has not come", {"oneOf": [wire_returns.CancelReturnBody]},
          wire_returns.ReturnChange),
    _verb("refund", refund_return, "Refund a return", {"oneOf": [wire_returns.RefundReturnBody]}, wire_returns.RefundChange),
    change_route("/hub/v1/orders/{id}/refund", refund_order, "refundOrder", "Refund an amount, or units of an order",
                 wire_returns.RefundBody, answer=wire_returns.RefundChange),
    Route("GET", (POLICY,), get_policy, access.READ, "getReturnPolicy", "Read the return policy",
          answers={200: wire_returns.PolicyBody, **PROBLEMS}),
    Route("PUT", (POLICY,), put_policy, access.ADMIN, "putReturnPolicy", "Replace the return policy",
          request=wire_returns.PolicyBody, parameters=(IF_MATCH,),
          answers={200: wire_returns.PolicyBody, 412: wire.Problem, **BODY}),
)  # fmt: skip
