"""Examples of requests and responses of shipping methods and lists; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

from crossdock.doors.fabric.examples import LATER, TIME

Tree = Any

# ------------------------------------------------------------------------------------------------------ shipping methods
METHOD_ID = "697c8a340000000000000005"
METHOD: dict[str, Tree] = {
    "name": "Express",
    "description": "Express, 2 to 5 days",
    "taxCode": "FR020000",
    "minimumDays": 2,
    "maximumDays": 5,
    "cutOffTime": 1330,
    "cost": 9.5,
    "channel": "12",
    "region": "CA",
    "createdBy": "jane",
    "addressType": "Residence",
    "weight": {"min": 0, "max": 30},
}
STORED_METHOD: dict[str, Tree] = {
    "shippingMethodId": METHOD_ID,
    "name": "Express",
    "description": "Express, 2 to 5 days",
    "taxCode": "FR020000",
    "minimumDays": 2,
    "maximumDays": 5,
    "cutOffTime": 1330,
    "cost": 9.5,
    "channel": "12",
    "region": "CA",
    "deleted": False,
    "createdBy": "jane",
    "updatedBy": None,
    "configuredBy": None,
    "addressType": "Residence",
    "weight": {"min": 0, "max": 30},
    "cartValue": None,
    "dimension": None,
    "createdAt": TIME,
    "updatedAt": TIME,
}
METHOD_CHANGE = {"cost": 11, "updatedBy": "tom", "weight": {"max": 20}}
CHANGED_METHOD = STORED_METHOD | {
    "cost": 11, "updatedBy": "tom", "weight": {"min": 0, "max": 20}, "updatedAt": LATER,
}  # fmt: skip
DELETED_METHOD = STORED_METHOD | {"deleted": True, "updatedAt": LATER}
METHOD_QUERY = {"filters": {"channel": "12", "cost": {"lte": 10}}}
METHOD_PAGE = {"count": 1, "limit": 10, "offset": 0, "shippingMethods": [STORED_METHOD]}
LINK = {"itemId": "20000000", "shippingMethodId": METHOD_ID, "deleted": False}
ITEM_PAGE = {"count": 1, "limit": 10, "offset": 0, "itemIds": ["20000000"]}
NO_METHOD = {"message": "ShipMethod Not Found!"}

# ----------------------------------------------------------------------------------------------------------------- lists
LIST_ID = "697c8a340000000000000006"
LIST: dict[str, Tree] = {"name": "Birthday", "userId": "62272e917b12209e68751d95", "listType": "WISHLIST"}
STORED_LIST: dict[str, Tree] = {
    "name": "Birthday",
    "userId": "62272e917b12209e68751d95",
    "listId": LIST_ID,
    "listType": "WISHLIST",
    "notes": None,
    "attributes": None,
    "count": 1,
    "createdAt": TIME,
    "updatedAt": LATER,
}
NEW_LIST = STORED_LIST | {"count": 0, "updatedAt": TIME}
LIST_CHANGE = {"notes": "no socks"}
CHANGED_LIST = STORED_LIST | {"notes": "no socks"}
ITEM: dict[str, Tree] = {"sku": "SKU-RED-M", "itemId": "20000000", "quantity": 2}
STORED_ITEM = {"listId": LIST_ID, "sku": "SKU-RED-M", "itemId": "20000000", "quantity": 2}
NO_LIST = {"message": "List not found"}
