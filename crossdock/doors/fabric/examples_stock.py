"""Examples of the location and inventory calls; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

from crossdock.doors.fabric.examples import LATER, TIME

Tree = Any
_ID = "697c8a340000000000000005"
_PAGINATION = {"total": 1, "limit": 10, "offset": 0}

# ------------------------------------------------------------------------------------------------------------- locations
LOCATION: dict[str, Tree] = {
    "locationNum": 13,
    "name": "Seattle",
    "isActive": True,
    "type": "Warehouse",
    "address": {
        "addressLine1": "123 Pine Street",
        "city": "Seattle",
        "state": "WA",
        "country": "USA",
        "postalCode": "98101",
        "type": "Business",
        "contact": [
            {
                "type": "Manager",
                "email": "jane@example.com",
                "phone": [{"number": "2065550100", "type": "mobile"}],
                "name": {"first": "Jane", "last": "Smith"},
            }
        ],
    },
    "operatingHours": [{"day": "Monday", "hours": [{"open": "10:00", "close": "16:00", "type": "OPEN"}]}],
    "coordinates": {"type": "Point", "coordinates": [-122.3351, 47.6101]},
    "services": {"isCurbsidePickUp": False},
    "attributes": {"isReturns": True},
}
STORED_LOCATION = {
    "attributes": {"isReturns": True},
    "id": _ID,
    "locationNum": 13,
    "name": "Seattle",
    "isActive": True,
    "address": LOCATION["address"],
    "type": "Warehouse",
    "createdAt": TIME,
    "updatedAt": TIME,
    "operatingHours": LOCATION["operatingHours"],
    "coordinates": LOCATION["coordinates"],
    "services": {"isCurbsidePickUp": False},
}
LOCATION_CHANGE = {"name": "Seattle downtown", "services": {"isCurbsidePickUp": True}}
CHANGED_LOCATION = STORED_LOCATION | LOCATION_CHANGE | {"updatedAt": LATER}
LOCATION_PAGE = {"locations": [STORED_LOCATION], "pagination": _PAGINATION}
LOCATION_EXISTS = {"message": "coordinates: are those of another location"}
NO_LOCATION = {"message": "Location not found"}
NEAR_SEARCH = {
    "filter": {"postalCode": "98101", "radius": 25, "radiusUnit": "MILE", "services": {"isCurbsidePickUp": False}},
    "limit": 10,
    "offset": 0,
}
NEAR_PAGE = {
    "count": 1,
    "limit": 10,
    "offset": 0,
    "locations": [
        {
            "distance": 0.0,
            "name": "Seattle",
            "address": LOCATION["address"],
            "services": {"isCurbsidePickUp": False},
        }
    ],
}
LOCATION_ATTRIBUTE = {
    "code": "isReturns",
    "name": "Takes returns",
    "description": "Whether customers can return orders here",
    "type": "BOOLEAN",
    "required": False,
}
STORED_LOCATION_ATTRIBUTE = {"id": _ID, **LOCATION_ATTRIBUTE}
LOCATION_ATTRIBUTE_EXISTS = {"message": "code: is that of another location attribute"}
NO_LOCATION_ATTRIBUTE = {"message": "Location attribute not found"}

# --------------------------------------------------------------------------------------------------------------- records
INVENTORY: dict[str, Tree] = {
    "sku": "SKU-RED-M",
    "itemId": 4225678911,
    "locationNum": 13,
    "channelId": 12,
    "vendorId": "vendor123",
    "leadTime": 5,
    "inventoryType": "primary",
    "infiniteInventory": False,
    "backOrderLimit": 100,
    "safetyStock": 10,
    "lowStock": 10,
    "segment": "Clothing",
    "region": "US",
    "counters": {"on-hand": 100, "damaged": 5},
    "attributes": {"brand": "ABC"},
}
STORED_INVENTORY: dict[str, Tree] = {
    "virtualCounters": {"availableToPurchase": 85, "availableBackorder": 100},
    "id": _ID,
    "sku": "SKU-RED-M",
    "itemId": 4225678911,
    "locationNum": 13,
    "channelId": 12,
    "vendorId": "vendor123",
    "leadTime": 5,
    "inventoryType": "primary",
    "infiniteInventory": False,
    "counters": {"on-hand": 100, "damaged": 5},
    "attributes": {"brand": "ABC"},
}
INVENTORY_CHANGE = {
    "sku": "SKU-RED-M",
    "locationNum": 13,
    "channelId": 12,
    "safetyStock": 0,
    "counters": {"damaged": 0},
}
CHANGED_INVENTORY = STORED_INVENTORY | {
    "virtualCounters": {"availableToPurchase": 100, "availableBackorder": 100},
    "counters": {"on-hand": 100, "damaged": 0},
}
ADJUSTMENT = {"itemId": 4225678911, "locationNum": 13, "channelId": 12, "counters": {"on-hand": "+10", "damaged": -5}}
ADJUSTED_INVENTORY = STORED_INVENTORY | {
    "virtualCounters": {"availableToPurchase": 100, "availableBackorder": 100},
    "counters": {"on-hand": 110, "damaged": 0},
}
INVENTORY_PAGE = {"pagination": _PAGINATION, "inventory": [STORED_INVENTORY]}
NEAR_INVENTORY = {"inventory": [STORED_INVENTORY], "locations": [{"locationNum": 13, "distance": 0.0}]}
NO_INVENTORY = {"message": "Inventory not found"}

# -------------------------------------------------------------------------------------------------------------- networks
NETWORK = {
    "code": "west",
    "name": "West coast",
    "safetyStock": 5,
    "rules": {"locationData.address.state": "WA", "locationData.isActive": True, "productData.attributes.brand": "ABC"},
}
STORED_NETWORK = {"networkId": _ID, **NETWORK}
NETWORK_PAGE = {"pagination": _PAGINATION, "network": [STORED_NETWORK]}
AGGREGATION_PAGE = {
    "pagination": _PAGINATION,
    "networkAggregation": [
        {
            "networkCode": "west",
            "sku": "SKU-RED-M",
            "virtualCounters": {"availableToPurchase": 80, "availableBackorder": 100},
        }
    ],
}
NO_NETWORK = {"message": "Network not found"}

# -------------------------------------------------------------------------------------------------- counters, attributes
COUNTER = {"name": "Damaged", "code": "damaged"}
STORED_COUNTER = {"id": _ID, **COUNTER}
COUNTERS = [{"id": _ID, "name": code, "code": code} for code in ("onHand", "allocated", "shipped")]
COUNTER_CHANGE = {"name": "Damaged goods"}
CHANGED_COUNTER = STORED_COUNTER | COUNTER_CHANGE
NO_COUNTER = {"message": "Counter not found"}
INVENTORY_ATTRIBUTE = {"code": "brand"}
STORED_INVENTORY_ATTRIBUTE = {"id": _ID, "code": "brand"}
INVENTORY_ATTRIBUTE_EXISTS = {"message": "code: is that of another inventory attribute"}
NO_INVENTORY_ATTRIBUTE = {"message": "Inventory attribute not found"}

# --------------------------------------------------------------------------------------------------------------- uploads
FILE = {"fileName": "stock-2026-01-30.csv"}
_URL = "https://your-host/api/v2/inventory/upload/file/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJmYWJyaWMifQ.signature"
UPLOAD_URL = {"keyId": _ID, "url": _URL}
DOWNLOAD_URL = {"keyId": _ID, "url": _URL}
CSV = "SKU,Item ID,Location Number,Channel ID,Total Quantity,damaged\nSKU-RED-M,4225678911,13,12,100,5\n"
ERROR_CSV = (
    "SKU,Location Number,Channel ID,Total Quantity,error\r\n"
    "SKU-RED-M,99,12,100,locationNum: is not the number of a location\r\n"
)
UPLOAD_LOG = {
    "id": _ID,
    "keyId": _ID,
    "status": "COMPLETED",
    "totalRows": 1,
    "totalRowsUploaded": 0,
    "totalRowsErrors": 1,
}
UPLOAD_LOG_PAGE = {"pagination": _PAGINATION, "networkAggregation": [UPLOAD_LOG]}
NO_UPLOAD = {"message": "Upload not found"}
