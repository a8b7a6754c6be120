"""An edit of an order through a door's document: the old document is read once, changed, checked and made content again.

Where the order came through another door, only what the edit changed is taken over. The first edit of an order keeps what its
sender's document says besides (core/orders/unmapped.py).
"""

from collections.abc import Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.errors import Code, Fault, Invalid, Path
from crossdock.core.ids import hashed_key, json_equal
from crossdock.core.json.request_body import EntityReference, ParsedBody
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.orders import editing, unmapped
from crossdock.core.orders.commands import EditOrder
from crossdock.core.orders.model import Content, Order
from crossdock.flows import idempotency, reference_data
from crossdock.flows.access import Caller
from crossdock.flows.formats import Format, MissingFields, ReferenceData, encode_json
from crossdock.flows.idempotency import number_taken
from crossdock.flows.large_orders import compute
from crossdock.flows.reference_data import unknown_references
from crossdock.flows.unit_of_work import UnitOfWork
from crossdock.store import idempotency_keys, submissions
from crossdock.store.idempotency_keys import Claim

Tree = Any
Document = dict[str, Tree]
_replace = msgspec.structs.replace


async def edited_content(work: UnitOfWork, caller: Caller, order: Order, edit: EditOrder) -> Content | None:
    """Return the content that an edit gives an order, or None where it changes nothing the order has a field for.

    The new document is checked like one sent to create an order; faults that the old one had already are not the editor's.
    Refuses with Invalid `invalid`, `unknown_reference`; Conflict `number_taken`.
    """
    format = work.context.formats[edit.door]
    before = await _document(work, caller, order, format)
    after = edit.change(await compute(order, lambda: deepcopy(before)), order)
    if json_equal(before, after):
        return None
    seen, wanted = await compute(order, lambda: (format.parse_rendered(before), format.parse(encode_json(after))))
    references = await _look_up(work, caller, (*seen.references, *wanted.references, *format.references(order.content)))
    _check(format, before, after, seen, wanted, references)
    await _claim_number(work, order, format, wanted)
    is_own = order.source.door == format.name
    current = await _with_unmapped(work, caller, order, format)

    def merged_content() -> Content | None:
        body = wanted if is_own and not wanted.faults else format.parse_rendered(after)
        merged = editing.merge(current, format.to_content(seen, references), format.to_content(body, references))
        if not is_own:
            return merged if merged != current else None
        merged = _replace(merged, unmapped=None, lines=tuple(_replace(line, unmapped=None) for line in merged.lines))
        rendered = format.from_content(merged, references, MissingFields())
        return unmapped.extract(merged, sent=body.tree, rendered=rendered, lines=format.lines)

    return await compute(order, merged_content)


async def _document(work: UnitOfWork, caller: Caller, order: Order, format: Format) -> Document:
    """Render an order in a door's create shape: as it was sent, or from its content with the unmapped fields restored."""
    if order.source.door == format.name and order.content.unmapped is None:
        document: Document = parse_trusted(await _sent(work, order))
        return document
    references = await _look_up(work, caller, format.references(order.content))
    document = format.from_content(order.content, references, MissingFields())
    if order.source.door == format.name:
        document = unmapped.restore(order.content, rendered=document, lines=format.lines)
    return document


async def _sent(work: UnitOfWork, order: Order) -> bytes:
    ids = [order.source.submission_id]
    bodies = await submissions.submission_bodies(work.tx, work.organization_id, submission_ids=ids)
    return bodies[order.source.submission_id]


async def _look_up(work: UnitOfWork, caller: Caller, references: Sequence[EntityReference]) -> ReferenceData:
    keys = {(each.kind, each.key) for each in references} - caller.references
    return await reference_data.find(work.tx, caller, keys)


def _check(
    format: Format, before: Document, after: Document, seen: ParsedBody, wanted: ParsedBody, references: ReferenceData
) -> None:
    """Refuse with Invalid the faults that are new: an order of another door may have some in its document already."""
    faults = list(wanted.faults)
    if faults:
        known = set(format.parse(encode_json(before)).faults)
        faults = [fault for fault in faults if fault not in known or _is_changed(before, after, fault.path)]
    already = {(each.kind, each.key) for each in seen.references}
    unknown = unknown_references(
        [each for each in wanted.references if (each.kind, each.key) not in already], references
    )
    if faults:
        raise Invalid(Code.INVALID, "the body has faults", faults=(*faults, *unknown))
    if unknown:
        raise Invalid(Code.UNKNOWN_REFERENCE, "the body refers to what is not there", faults=unknown)


def _is_changed(before: Tree, after: Tree, path: Path) -> bool:
    """Compare a value of two documents: faults of two long values may be equal, as they quote only the beginning."""
    value = _value_at(after, path)
    return isinstance(value, str | int | Decimal) and value != _value_at(before, path)


def _value_at(node: Tree, path: Path) -> Tree:
    try:
        for part in path:
            node = node[part]
    except (LookupError, TypeError):
        return None
    return node


async def _claim_number(work: UnitOfWork, order: Order, format: Format, wanted: ParsedBody) -> None:
    """Claim the natural key an edit gives the order; the old one stays the order's too, so that a late repeat finds it."""
    if order.source.door != format.name or not wanted.natural:
        return
    key = hashed_key(f"{format.name}/natural", *wanted.natural)
    claim = Claim(work.organization_id, key, order.source.submission_id, order.order_id)
    if not work.dry_run and await idempotency_keys.claim(work.tx, [claim]):
        return
    first = (await idempotency_keys.find_claims(work.tx, work.organization_id, [key])).get(key, claim)
    if first.order_id != order.order_id:
        first = await idempotency.natural_owner(work.tx, format, first, claim, dry_run=work.dry_run)
    if first.order_id != order.order_id:
        number = wanted.natural[-1]
        fault = Fault(format.number_path, f"is taken by another order: {number!r}")
        raise number_taken(number, fault, order_id=first.order_id)


async def _with_unmapped(work: UnitOfWork, caller: Caller, order: Order, format: Format) -> Content:
    """Return the content with its own door's unmapped fields, which no submission will say any more after the edit."""
    if order.content.unmapped is not None or order.source.door == format.name:
        return order.content
    own = work.context.formats[order.source.door]
    references = await _look_up(work, caller, own.references(order.content))
    rendered = own.from_content(order.content, references, MissingFields())
    sent = parse_trusted(await _sent(work, order))
    return unmapped.extract(order.content, sent=sent, rendered=rendered, lines=own.lines)
