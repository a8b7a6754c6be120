"""Wire types of Pitney Bowes OMS: default settings of shipments, and the mapping of printers.

Source: the vendor's description of its Shipping APIs 1.0.0, which requires no member of default settings.
"""

from typing import Annotated

from msgspec import Meta, Struct

from crossdock.core.json.value_types import NonEmpty, Number
from crossdock.doors.pb_oms import wire
from crossdock.doors.pb_oms.wire_calls import PageInfo, SubscriptionId, Time

Key = Annotated[str, Meta(min_length=1, max_length=200)]


class DefaultParcel(Struct):
    packageValue: Number | None = None
    length: Number | None = None
    width: Number | None = None
    height: Number | None = None
    dimUnit: wire.LengthUnit | None = None
    weight: Number | None = None
    weightUnit: wire.WeightUnit | None = None


class SendingOptions(Struct):
    """The carrier with its accounts, the label, the sender and the parcel."""

    carrier: Annotated[str, Meta(description="Such as FedEx or USPS; any text is accepted.")] | None = None
    service: wire.Service | None = None
    carrierAccounts: Annotated[dict[str, str], Meta(description="Ids of accounts by carrier.")] | None = None
    labelSize: Annotated[str, Meta(description="DOC_4X6 in the vendor's samples; any text is accepted.")] | None = None
    labelType: str | None = None
    labelFormat: str | None = None
    fromAddress: wire.OtherAddress | None = None
    parcel: DefaultParcel | None = None


class Defaults(Struct):
    """Default settings under a name; unknown members are stored and returned. In an update, `defaultID` is ignored."""

    name: str | None = None
    defaultID: (
        Annotated[str, Meta(max_length=200, description="The id that they get; a UUID where none is sent.")] | None
    ) = None
    sendingOptions: SendingOptions | None = None


class DefaultsCreated(Struct):
    """The ids of new default settings: that of the database, and the one that the other calls take."""

    id: str
    defaultId: str


class DefaultsRead(Struct, kw_only=True):
    """Default settings, with their times."""

    name: str | None = None
    defaultID: str
    createdDate: Time
    updatedDate: Annotated[Time, Meta(description="That of the creation, until they are changed.")]
    sendingOptions: SendingOptions | None = None


class DefaultsRow(Struct):
    defaultsResponse: DefaultsRead


class DefaultsPage(Struct):
    """A page of default settings, newest first."""

    data: list[DefaultsRow]
    pageInfo: PageInfo


class PrinterMapping(Struct, kw_only=True):
    """The name of a printer and the device that it stands for."""

    alias: Key
    serialNumber: NonEmpty
    printerName: NonEmpty


class PrinterMappingCreated(Struct):
    id: str


class PrinterMappingRead(Struct, kw_only=True):
    """The mapping of a printer, with its times."""

    alias: str
    serialNumber: str
    printerName: str
    subId: SubscriptionId
    insertTimeStamp: Time
    updateTimeStamp: Time
