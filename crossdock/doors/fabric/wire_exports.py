"""Wire types of the export calls; no logic.

Source of every rule: the vendor's published API description; docs/doors/fabric.md lists the decisions where it is silent.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from crossdock.core.json.validation import rule
from crossdock.core.json.value_types import MAX_QUANTITY
from crossdock.doors.fabric.wire_calls import QueryRequest
from crossdock.doors.fabric.wire_responses import DateTime

MAX_RECORDS = 2_000  # documents of one file: as many as one search examines
MODULES = (
    "ORDER", "ALLOCATION", "INVENTORY", "INVOICE", "LOCATION", "NETWORK", "SHIPMENT", "SHIPPING_METHODS",
)  # fmt: skip
Module = Annotated[
    str,
    rule("fabric_module", lambda text: text.upper() in MODULES, f"one of {', '.join(MODULES)}"),
    Meta(description=f"{', '.join(MODULES)}, in any letter case."),
]


class ExportRequest(QueryRequest, kw_only=True):
    """What to export: a search of one module, and the columns of the file."""

    module: Module
    limit: (
        Annotated[
            int,
            Meta(ge=1, description=f"Records; 10 where it is missing; more than {MAX_RECORDS} means {MAX_RECORDS}."),
        ]
        | None
    ) = None
    csvHeadersConfig: (
        Annotated[
            str,
            Meta(
                description="The text of a JSON object of headers. The file has those that are true; where none is true, all "
                "but those that are false."
            ),
        ]
        | None
    ) = None

    def page(self) -> tuple[int, int]:
        """Return limit and offset with their defaults, and within what a file can hold."""
        return min(self.limit or 10, MAX_RECORDS), min(self.offset or 0, MAX_QUANTITY)


class Export(Struct, kw_only=True):
    """The state of an export."""

    module: str
    keyId: str
    version: Annotated[int, Meta(description="1, and one more with each change of its state.")]
    status: Literal["INITIATED", "PROCESSING", "FINISHED", "SYSTEM_ERROR"]
    totalRowsExported: int
    totalRecordsExported: int
    createdAt: DateTime
    updatedAt: DateTime
    filters: dict[str, Any]
    message: Annotated[str, Meta(description="Why there is no file; null except for SYSTEM_ERROR.")] | None


class ExportPage(Struct, kw_only=True):
    """A page of exports."""

    count: int
    limit: int
    offset: int
    exports: list[Export]


class ExportUrl(Struct):
    """The URL of a file."""

    url: str
