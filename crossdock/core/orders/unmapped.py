"""Unmapped fields: sender fields with no canonical counterpart, stored and returned through the same door.

A door renders canonical content back in its own request shape; where that differs from what was sent, the difference is
stored as a patch, each entry with the rendered value it replaces. When it is restored, an entry applies only while the rendered
value is still that: an edited value is never hidden by an old one. Patches of order lines stay with their line. An order nobody
edited is rendered from the very document that was sent; its first edit stores the unmapped fields.

A patch node is one of: {"m": {name: node}} members, {"e": {position: node}} elements, {"s": sent} a value the rendering
lacks, {"s": sent, "w": was} another form of a value, {"d": was} a value the sender did not send.
"""

from decimal import Decimal
from typing import Any

import msgspec

from crossdock.core.orders.model import Content

Tree = Any
_ABSENT = object()


def diff(sent: Tree, rendered: Tree) -> Tree:
    """Give the patch that turns `spelled` into `sent`, or None when they are the same to the digit."""
    kind = type(sent)
    if kind is dict and type(rendered) is dict:
        return _member_differences(sent, rendered)
    if kind is list and type(rendered) is list and len(sent) >= len(rendered):
        elements = {}
        for position, value in enumerate(sent):
            patch = diff(value, rendered[position]) if position < len(rendered) else {"s": value}
            if patch is not None:
                elements[str(position)] = patch
        return {"e": elements} if elements else None
    return None if same_spelling(sent, rendered) else {"s": sent, "w": rendered}


def _member_differences(sent: dict[str, Tree], rendered: dict[str, Tree]) -> Tree:
    if sent == rendered and _is_written_alike(sent, rendered):
        return None
    members: dict[str, Tree] = {}
    shared = 0
    for name, value in sent.items():
        other = rendered.get(name, _ABSENT)
        if other is _ABSENT:
            members[name] = {"s": value}
            continue
        shared += 1
        kind = type(value)
        if kind is type(other) and (kind is str or kind is int or kind is bool):  # most members end here
            if value != other:
                members[name] = {"s": value, "w": other}
            continue
        patch = diff(value, other)
        if patch is not None:
            members[name] = patch
    if shared != len(rendered):
        members.update({name: {"d": was} for name, was in rendered.items() if name not in sent})
    return {"m": members} if members else None


def _is_written_alike(sent: dict[str, Tree], rendered: dict[str, Tree]) -> bool:
    """Say of two equal objects whether their numbers are spelled alike too; text needs no second look."""
    return all(type(value) is str or same_spelling(value, rendered[name]) for name, value in sent.items())


def same_spelling(one: Tree, other: Tree) -> bool:
    """Say whether two decoded values are spelled alike: 25 and Decimal('25') are, 25 and 25.0, or 1 and true, are not."""
    if type(one) is type(other):
        if type(one) is dict:
            return one.keys() == other.keys() and all(same_spelling(value, other[name]) for name, value in one.items())
        if type(one) is list:
            return len(one) == len(other) and all(map(same_spelling, one, other))
        return str(one) == str(other) if type(one) is Decimal else bool(one == other)
    if isinstance(one, int | Decimal) and isinstance(other, int | Decimal):
        return type(one) is not bool and type(other) is not bool and str(one) == str(other)
    return False


def apply_patch(rendered: Tree, patch: Tree) -> Tree:
    """Apply a patch to a spelling of the (perhaps edited) content, changing it in place where it is an object or array."""
    if patch is None:
        return rendered
    if "m" in patch:
        if type(rendered) is dict:
            _restore_members(rendered, patch["m"])
        return rendered
    if "e" in patch:
        if type(rendered) is list:
            for position, inner in patch["e"].items():
                place = int(position)
                if place < len(rendered):
                    rendered[place] = apply_patch(rendered[place], inner)
                elif place == len(rendered) and "s" in inner and "w" not in inner:
                    rendered.append(inner["s"])
        return rendered
    return patch["s"] if "w" in patch and same_spelling(rendered, patch["w"]) else rendered


def _restore_members(rendered: dict[str, Tree], members: dict[str, Tree]) -> None:
    for name, inner in members.items():
        if "d" in inner:
            if name in rendered and same_spelling(rendered[name], inner["d"]):
                del rendered[name]
        elif name in rendered:
            rendered[name] = apply_patch(rendered[name], inner)
        elif "s" in inner and "w" not in inner:
            rendered[name] = inner["s"]


def extract(content: Content, *, sent: Tree, rendered: Tree, lines: str) -> Content:
    """Add to `content` what of `sent` its own spelling lacks; `lines` names the member that holds the order lines.

    The leftovers of the content are never None afterwards.
    """
    patch = diff(sent, rendered) or {"m": {}}
    members = patch["m"]
    of_lines = members.pop(lines, None)
    kept = content.lines
    if of_lines is not None:
        elements = of_lines["e"]
        kept = tuple(
            msgspec.structs.replace(line, unmapped=elements[str(position)]) if str(position) in elements else line
            for position, line in enumerate(kept)
        )
    return msgspec.structs.replace(content, lines=kept, unmapped=patch)


def restore(content: Content, *, rendered: Tree, lines: str) -> Tree:
    """Turn a fresh spelling of `content` back into the sender's document; the inverse of `keep`."""
    if content.unmapped is not None:
        apply_patch(rendered, content.unmapped)
    rows = rendered.get(lines)
    if rows:
        for position, line in enumerate(content.lines):
            if line.unmapped is not None and position < len(rows):
                rows[position] = apply_patch(rows[position], line.unmapped)
    return rendered
