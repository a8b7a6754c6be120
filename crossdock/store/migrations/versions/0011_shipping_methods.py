"""Shipping methods of fabric become shipping methods of the organization

Now one canonical document holds what all doors know, and what only fabric knows is in its `door_fields`; ids, links to items,
versions and times stay. A deleted method of fabric is one that is not active.
"""

from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_STEP = 500  # shipping methods in memory at a time
_SHARED = frozenset({"shippingMethodId", "name", "minimumDays", "maximumDays", "cutOffTime", "cost", "deleted"})
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _canonical(document: dict[str, Any]) -> dict[str, Any]:
    cut_off = document["cutOffTime"]
    return {
        "code": document["shippingMethodId"], "name": document["name"], "active": not document.get("deleted"),
        "min_days": document["minimumDays"], "max_days": document["maximumDays"], "cost": document["cost"],
        "cutoff_time": f"{cut_off // 100:02}:{cut_off % 100:02}",
        "door_fields": {"fabric": {name: value for name, value in document.items() if name not in _SHARED}},
    }  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    page = sa.text(
        "SELECT organization_id, key, document FROM catalog_entry WHERE kind = 'fabric/shipping_method'"
        " ORDER BY organization_id, position LIMIT :step"
    )
    change = sa.text(
        "UPDATE catalog_entry SET kind = 'shipping_method', document = :document, search = :search"
        " WHERE organization_id = :organization_id AND kind = 'fabric/shipping_method' AND key = :key"
    )
    while rows := connection.execute(page, {"step": _STEP}).mappings().all():
        changes = []
        for row in rows:
            method = _canonical(_DECODER.decode(bytes(row["document"])))
            changes.append({
                "organization_id": row["organization_id"], "key": row["key"], "document": _ENCODER.encode(method),
                "search": f"{method['code']}\n{method['name']}".casefold(),
            })  # fmt: skip
        connection.execute(change, changes)
