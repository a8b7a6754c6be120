"""What the examples of the location and inventory calls need before they are played; see test_examples.py."""

from typing import Any

from crossdock.doors.fabric import examples_stock as examples

Tree = Any
Calls = tuple[tuple[str, str, Tree], ...]
_LOCATION: Calls = (("POST", "/location", examples.LOCATION),)
_ATTRIBUTE: Calls = (("POST", "/location/attribute", examples.LOCATION_ATTRIBUTE),)
_RECORD: Calls = (*_LOCATION, ("POST", "/inventory", examples.INVENTORY))
_NETWORK: Calls = (*_RECORD, ("POST", "/inventory/network", examples.NETWORK))
_COUNTER: Calls = (("POST", "/inventory/counter", examples.COUNTER),)
_INVENTORY_ATTRIBUTE: Calls = (("POST", "/inventory/attribute", examples.INVENTORY_ATTRIBUTE),)
_ANNOUNCED: Calls = (("POST", "/inventory/aws/upload-url", examples.FILE),)
_FAULTY_FILE = examples.ERROR_CSV.replace(",error", "").replace(",locationNum: is not the number of a location", "")
_UPLOADED: Calls = (*_ANNOUNCED, ("PUT", "/inventory/upload/file/<key>", _FAULTY_FILE))
_ASKED: Calls = (*_UPLOADED, ("POST", "/inventory/aws/download-url", examples.FILE))

_CALLS: tuple[tuple[Calls, tuple[str, ...]], ...] = (
    (_LOCATION, (
        "listLocations", "searchLocationsByGeography", "getLocation", "updateLocation", "deleteLocation",
        "createInventory", "replaceInventory",
    )),
    (_ATTRIBUTE, ("listLocationAttributes", "getLocationAttribute", "updateLocationAttribute", "deleteLocationAttribute")),
    (_RECORD, (
        "listInventory", "updateInventory", "adjustOrCreateInventory", "adjustInventory", "searchInventoryByGeography",
        "getInventory",
    )),
    (_NETWORK, ("listNetworks", "getNetwork", "replaceNetwork", "deleteNetwork", "queryAggregatedNetworks")),
    (_COUNTER, ("getCounter", "updateCounter")),
    (_INVENTORY_ATTRIBUTE, ("getInventoryAttribute",)),
    (_ANNOUNCED, ("createDownloadUrl", "uploadInventoryFile")),
    (_UPLOADED, ("getUploadLog", "listUploadLogs")),
    (_ASKED, ("downloadInventoryErrors",)),
)  # fmt: skip
BEFORE: dict[str, tuple[dict[str, Tree], Calls]] = {
    operation: ({}, calls) for calls, operations in _CALLS for operation in operations
}
_CODES = {"LocationAttribute": "isReturns", "Counter": "damaged", "InventoryAttribute": "brand"}
# Values of path parameters by operation.
IDS: dict[str, dict[str, str]] = {operation: {"itemId": "4225678911"} for operation in BEFORE}
for _name, _code in _CODES.items():
    for _verb in ("get", "update", "delete"):
        IDS.setdefault(_verb + _name, {})["code"] = _code
_PLACE = "&city=Seattle&state=WA&country=USA&postalCode=98101"
QUERY = {
    "searchInventoryByGeography": f"?skus=SKU-RED-M&lat=47.6101&lng=-122.3351&radius=10&limit=10{_PLACE}",
    "queryAggregatedNetworks": "?networkId=<networkId>",
    "getUploadLog": "?keyId=<keyId>",
}
# What is asked for where the example is a 404: values of parameters and members of bodies, and of parameters only.
MISSING = {"networkId": "0" * 24, "keyId": "0" * 24, "sku": "nope", "itemId": "nope", "fileName": "nope.csv"}
MISSING_IDS = {"locationNum": "99", "key": "nope"}
# Members of answers that later calls name.
CAPTURED = ("webhookId", "networkId", "keyId")
