"""Example bodies of the calls of Pitney Bowes OMS below /shipping, by call: "request", or the status of a response."""

from typing import Any

from crossdock.doors.pb_oms.wire_shipments import TRACKING_EVENTS

Body = dict[str, Any]
_TIME = "2026-01-30T10:53:24.554Z"
_DATABASE_ID = "66b1b6d6a2c763f9d0bd5396"
_DEFAULT_ID = "0d4f3c51-059b-4c28-a83b-a8defa2962cc"
_SUBSCRIPTION = "5b0f0c1e-6a57-4f4c-9d59-3f1f3c7f9a11"
CUSTOMS_PRODUCT: dict[int | str, Body] = {
    "request": {
        "description": "towel",
        "originCountryCode": "US",
        "hsTariffCode": "630260",
        "quantity": 1,
        "unitPrice": 10,
        "itemId": "item1",
        "productDimensions": {"length": 10, "width": 8, "height": 2, "unitOfMeasurement": "IN"},
        "weightUnit": "OZ",
        "weight": 10,
    },
    201: {"customsProductId": "cp00000922010", "productId": "cp00000922010"},
    400: {
        "errors": [
            {
                "errorCode": "validation_error",
                "errorDescription": "The body has faults.",
                "additionalInfo": "unitPrice: is required",
                "additionalParameters": ["unitPrice"],
            }
        ]
    },
}
CARRIER_CODE: dict[int | str, Body] = {
    "request": {
        "code": "FEDEX-custom-code1",
        "carrier": "FEDEX",
        "carrierAccountId": "abcd12",
        "parcelType": "PKG",
        "parcelName": "Package",
        "serviceId": "GRD",
        "serviceName": "Ground",
        "specialServices": [
            {"specialServiceId": "INS", "inputParameters": [{"name": "INPUT_VALUE", "value": "101"}], "fee": 0}
        ],
    },
    201: {"code": "FEDEX-custom-code1"},
}
LIST_FAULTS: Body = {
    "errors": [
        {
            "errorCode": "validation_error",
            "errorDescription": "The query has faults.",
            "additionalInfo": "carrier: is not known: 'ACME'",
            "additionalParameters": ["carrier"],
        }
    ]
}


def _not_found(description: str) -> Body:
    error = {
        "errorCode": "not_found",
        "errorDescription": description,
        "additionalInfo": description,
        "additionalParameters": [],
    }
    return {"errors": [error]}


def _page(rows: list[Body]) -> Body:
    return {"data": rows, "pageInfo": {"total": len(rows), "pages": len(rows), "page": 1}}


# ---------------------------------------------------------------------------------- reading and changing what was stored
_PRODUCT = {"customsProductId": "cp00000922010"} | CUSTOMS_PRODUCT["request"]
CUSTOMS_PRODUCTS: dict[int | str, Body] = {200: _page([{**_PRODUCT}])}
CUSTOMS_PRODUCT_READ: dict[int | str, Body] = {
    200: _PRODUCT,
    404: _not_found("There is no customs product with this id."),
}
CUSTOMS_PRODUCT_UPDATE: dict[int | str, Body] = {"request": CUSTOMS_PRODUCT["request"] | {"unitPrice": 12}}
_CODE = CARRIER_CODE["request"]
CARRIER_CODE_READ: dict[int | str, Body] = {
    200: {
        "id": _DATABASE_ID,
        "code": "FEDEX-custom-code1",
        "subID": _SUBSCRIPTION,
        **{name: value for name, value in _CODE.items() if name != "code"},
        "residential": False,
        "insertTimestamp": _TIME,
        "updateTimestamp": _TIME,
        "archived": False,
    },
    404: _not_found("There is no such carrier code."),
}
CARRIER_CODE_UPDATE: dict[int | str, Body] = {
    "request": {name: value for name, value in _CODE.items() if name != "code"} | {"serviceId": "2DA"},
    200: {"code": "FEDEX-custom-code1"},
}

# --------------------------------------------------------------------------------------------------- defaults and printers
_SENDING_OPTIONS = {
    "carrier": "FedEx",
    "service": "2DA",
    "carrierAccounts": {"USPS": "12prqs", "FEDEX": "abcd12"},
    "labelSize": "DOC_4X6",
    "labelType": "SHIPPING_LABEL",
    "labelFormat": "PDF",
    "fromAddress": {
        "addressLine1": "638 Manitoba Ave",
        "cityTown": "Winnipeg",
        "countryCode": "CA",
        "name": "Paul Wright",
        "postalCode": "R2W 2H2",
        "stateProvince": "MB",
    },
    "parcel": {"packageValue": 2, "length": 2, "width": 1, "height": 1, "dimUnit": "IN", "weight": 2, "weightUnit": "OZ"},
}  # fmt: skip
_DEFAULTS = {"name": "FedEx-SAKS", "defaultID": _DEFAULT_ID, "sendingOptions": _SENDING_OPTIONS}
_DEFAULTS_READ = {
    "name": "FedEx-SAKS",
    "defaultID": _DEFAULT_ID,
    "createdDate": _TIME,
    "updatedDate": _TIME,
    "sendingOptions": _SENDING_OPTIONS,
}
DEFAULTS_CREATE: dict[int | str, Body] = {
    "request": _DEFAULTS,
    200: {"id": _DATABASE_ID, "defaultId": _DEFAULT_ID},
}
DEFAULTS_LIST: dict[int | str, Body] = {200: _page([{"defaultsResponse": _DEFAULTS_READ}])}
DEFAULTS_READ: dict[int | str, Body] = {
    200: _DEFAULTS_READ,
    404: _not_found("There are no default settings with this id."),
}
DEFAULTS_UPDATE: dict[int | str, Body] = {"request": _DEFAULTS | {"name": "FedEx-Express"}}
_MAPPING = {
    "alias": "packing table 2",
    "serialNumber": "AP-DP1LZH3-0x919e698164-dev",
    "printerName": "Brother QL-1110NWB",
}
PRINTER_PUT: dict[int | str, Body] = {"request": _MAPPING, 201: {"id": _DATABASE_ID}}
PRINTER_READ: dict[int | str, Body] = {
    200: _MAPPING | {"subId": _SUBSCRIPTION, "insertTimeStamp": _TIME, "updateTimeStamp": _TIME},
    404: _not_found("There is no mapping for this printer."),
}

# ----------------------------------------------------------------------------------------------- shipments and the like
_SHIPMENT = {
    "parcel": {"length": 12, "width": 9, "height": 4, "dimUnit": "IN", "weight": 32, "weightUnit": "OZ"},
    "metadata": [{"name": "orderId", "value": "PBcffM5ruasQ"}, {"name": "orderNumber", "value": "ORD12346"}],
    "rate": {"carrier": "UPS", "serviceId": "2DA"},
    "service": "2DA",
    "shipmentId": "UPS0914521228495032322",
    "fromAddress": {
        "name": "Warehouse A",
        "addressLine1": "638 Manitoba Ave",
        "cityTown": "Winnipeg",
        "stateProvince": "MB",
        "postalCode": "R2W 2H2",
        "countryCode": "CA",
    },
    "toAddress": {
        "name": "Jane Smith",
        "addressLine1": "1822 Franklin Street",
        "cityTown": "Vancouver",
        "stateProvince": "BC",
        "postalCode": "V5L 1P8",
        "countryCode": "CA",
        "residential": True,
    },
    "parcelTrackingNumber": "1Z999AA10123456784",
    "status": "COMPLETE",
}
SHIPMENTS: dict[int | str, Body] = {200: _page([_SHIPMENT])}
SHIPMENT_READ: dict[int | str, Body] = {200: _SHIPMENT, 404: _not_found("There is no such shipment.")}
PICKUPS: dict[int | str, Body] = {200: _page([])}
TRACKING: dict[int | str, Any] = {
    200: [{"eventId": each.eventId, "eventName": each.eventName} for each in TRACKING_EVENTS]
}
