"""Examples of configuration and export calls; tests/doors/fabric/test_examples.py plays each of them."""

from typing import Any

from crossdock.doors.fabric.examples import ACCOUNT, LATER, TIME

Tree = Any

# --------------------------------------------------------------------------------------------------------------- tenant
TENANT: dict[str, Tree] = {
    "configName": "returnPeriod",
    "objectValue": {"days": 30, "channels": ["12"]},
    "objectType": "OBJECT",
    "configType": "RETURN",
}
STORED_TENANT: dict[str, Tree] = TENANT | {"tenantId": ACCOUNT}
TENANT_CHANGE: dict[str, Tree] = {
    "configName": "returnPeriod", "objectValue": {"days": 60}, "configType": "RETURN",
}  # fmt: skip
TENANT_PART: dict[str, Tree] = {"objectValue": {"days": 60}}
REPLACED_TENANT: dict[str, Tree] = STORED_TENANT | {"objectValue": {"days": 60}, "objectType": None}
UPDATED_TENANT: dict[str, Tree] = STORED_TENANT | {"objectValue": {"days": 60, "channels": ["12"]}}
TENANT_QUERY: dict[str, Tree] = {"filters": {"configType": "RETURN"}}
TENANT_PAGE: dict[str, Tree] = {"count": 1, "limit": 10, "offset": 0, "configurations": [STORED_TENANT]}
NO_CONFIG = {"message": "Configuration not found for tenant."}
TENANT_TAKEN = {"message": "Configuration exists for tenant already: RETURN/returnPeriod"}

# --------------------------------------------------------------------------------------------------------------- target
TARGET: dict[str, Tree] = {
    "processName": "FRAUD_CHECK",
    "serviceName": "ORDER_SERVICE",
    "targetService": [{"serviceName": "kount", "serviceAttributes": {"mode": "sync"}}],
}
STORED_TARGET: dict[str, Tree] = {
    "processName": "FRAUD_CHECK",
    "serviceName": "ORDER_SERVICE",
    "tenantId": ACCOUNT,
    "targetService": [{"serviceName": "kount", "serviceAttributes": {"mode": "sync"}}],
}
NO_TARGET = {"message": "Target Configuration not found for tenant."}
TARGET_TAKEN = {"message": "Target configuration exists for tenant already: FRAUD_CHECK/ORDER_SERVICE"}

# ---------------------------------------------------------------------------------------------------------------- fraud
_ABOVE: dict[str, Tree] = {"key": "orderTotal", "operator": "GREATER_THAN", "type": "NUMBER", "value": 1000}
_ABROAD: dict[str, Tree] = {
    "key": "shipInfo.shipToAddress.country", "operator": "NOT_IN", "type": "STRING", "value": ["USA", "CAN"],
}  # fmt: skip
_OLD: dict[str, Tree] = {
    "key": "orderDate",
    "operator": "LESS_THAN",
    "type": "DATE",
    "dateValue": {"comparisonType": "RELATIVE", "unit": "DAYS", "plusValue": -30},
}
FRAUD: dict[str, Tree] = {
    "configuration": {"conditions": [[_ABOVE, _ABROAD], [_OLD]]},
    "processName": "FRAUD_CHECK",
    "serviceName": "ORDER_SERVICE",
}
STORED_FRAUD: dict[str, Tree] = FRAUD | {"tenantId": ACCOUNT}
CONDITIONS: dict[str, Tree] = {"conditions": [[_ABOVE]]}
REPLACED_FRAUD: dict[str, Tree] = STORED_FRAUD | {"configuration": CONDITIONS}
NO_FRAUD = {"message": "Fraud Configuration not found for tenant."}
FRAUD_TAKEN = {"message": "Fraud configuration exists for tenant already: FRAUD_CHECK/ORDER_SERVICE"}

# --------------------------------------------------------------------------------------------------------------- exports
EXPORT_ID = "697c8a34000000000000001e"
EXPORT: dict[str, Tree] = {
    "module": "ORDER",
    "filters": {"orderNumber": "309019176"},
    "csvHeadersConfig": '{"orderNumber": true, "items.sku": true, "items.orderedQuantity": true}',
}
STARTED_EXPORT: dict[str, Tree] = {
    "module": "ORDER",
    "keyId": EXPORT_ID,
    "version": 1,
    "status": "INITIATED",
    "totalRowsExported": 0,
    "totalRecordsExported": 0,
    "createdAt": TIME,
    "updatedAt": TIME,
    "filters": {"orderNumber": "309019176"},
    "message": None,
}
FINISHED_EXPORT: dict[str, Tree] = STARTED_EXPORT | {
    "version": 3, "status": "FINISHED", "totalRowsExported": 1, "totalRecordsExported": 1, "updatedAt": LATER,
}  # fmt: skip
EXPORT_QUERY: dict[str, Tree] = {"filters": {"module": "ORDER"}}
EXPORT_PAGE: dict[str, Tree] = {"count": 1, "limit": 10, "offset": 0, "exports": [FINISHED_EXPORT]}
NETWORK_HEADERS = {"networkId": True, "code": True, "name": True, "safetyStock": True, "rules": True}
EXPORT_URL = {"url": "https://your-host/api/v2/exports/file/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.signature"}
EXPORT_CSV = "orderNumber,items.sku,items.orderedQuantity\r\n309019176,SKU-RED-M,2\r\n"
NO_EXPORT = {"message": "KeyId provided is incorrect"}
NO_EXPORT_FILE = {"message": "Key does not exist!"}
NO_MODULE = {"message": "Not a valid module name"}
