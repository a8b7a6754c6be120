"""Products of S2 become products of the organization

Each door had products of its own. Now one canonical document holds what all doors know, and what only S2 knows is in its
`door_fields`; the ids stay. An entry of the kind `product_sku` claims each SKU.
"""

from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_STEP = 500  # products in memory at a time
_OWN = ("brand", "remarks", "caseUnit", "casePack", "caseLengthMm", "caseWidthMm", "caseHeightMm", "caseWeightKg",
        "condition", "serialNumberRequired", "expiryDateRequired")  # fmt: skip
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def _canonical(document: dict[str, Any]) -> dict[str, Any]:
    fields = {
        "sku": document["sku"], "name": document["name"], "brand": document["brand"]["name"], "gtin": document["gtin"],
        "image": document["imageMain"], "length": document["packageLengthMm"], "width": document["packageWidthMm"],
        "height": document["packageHeightMm"], "weight": document["shippingWeightKg"],
    }  # fmt: skip
    present = {name: value for name, value in fields.items() if value != ""}
    return present | {"door_fields": {"s2": {name: document[name] for name in _OWN}}}


def upgrade() -> None:
    connection = op.get_bind()
    page = sa.text(
        "SELECT * FROM catalog_entry WHERE kind = 's2/product' ORDER BY organization_id, position LIMIT :step"
    )
    change = sa.text(
        "UPDATE catalog_entry SET kind = 'product', document = :document"
        " WHERE organization_id = :organization_id AND kind = 's2/product' AND key = :key"
    )
    names = ("organization_id", "kind", "key", "name", "search", "position", "created_at", "updated_at", "document")
    claim = sa.text(
        f"INSERT INTO catalog_entry ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
        " ON CONFLICT DO NOTHING"
    )
    while rows := connection.execute(page, {"step": _STEP}).mappings().all():
        connection.execute(
            change,
            [
                {
                    "organization_id": row["organization_id"], "key": row["key"],
                    "document": _ENCODER.encode(_canonical(_DECODER.decode(bytes(row["document"])))),
                }
                for row in rows
            ],
        )  # fmt: skip
        connection.execute(
            claim,
            [
                dict(row) | {"kind": "product_sku", "key": row["name"], "name": row["key"], "search": "", "document": b""}
                for row in rows
            ],
        )
