"""What the examples of the configuration and export calls need before they are played; see test_examples.py."""

from typing import Any

from crossdock.doors.fabric import examples_config as examples

Tree = Any
Calls = tuple[tuple[str, str, Tree], ...]
_TENANT: Calls = (("POST", "/configurations/tenant-config", examples.TENANT),)
_TARGET: Calls = (("POST", "/configurations/target-config", examples.TARGET),)
_FRAUD: Calls = (("POST", "/configurations/fraud-config", examples.FRAUD),)
_EXPORT: Calls = (("POST", "/exports", examples.EXPORT),)
_URL: Calls = (*_EXPORT, ("GET", "/exports/download-url?keyId=<keyId>", None))
_CALLS: tuple[tuple[Calls, tuple[str, ...]], ...] = (
    (_TENANT, (
        "queryTenantConfigs", "listTenantConfigs", "replaceTenantConfigs", "updateTenantConfigs", "getTenantConfig",
        "replaceTenantConfig", "updateTenantConfig", "deleteTenantConfig",
    )),
    (_TARGET, ("listTargetConfigs", "getTargetConfig", "deleteTargetConfig")),
    (_FRAUD, ("listFraudConfigs", "getFraudConfig", "replaceFraudConfig", "deleteFraudConfig")),
    (_EXPORT, ("queryExportHistory", "getExportStatus", "listExportFiles", "getExportDownloadUrl")),
    (_URL, ("downloadExport",)),
)  # fmt: skip
BEFORE: dict[str, tuple[dict[str, Tree], Calls]] = {
    operation: ({}, calls) for calls, operations in _CALLS for operation in operations
}
_TENANT_NAMES = {"configType": "RETURN", "configName": "returnPeriod"}
_SERVICE_NAMES = {"processName": "FRAUD_CHECK", "serviceName": "ORDER_SERVICE"}
# Values of path and query parameters.
IDS: dict[str, str] = _TENANT_NAMES | _SERVICE_NAMES | {"module": "NETWORK"}
QUERY = {
    "getExportStatus": "?keyId=<keyId>",
    "getExportDownloadUrl": "?keyId=<keyId>",
    "getExportHeaders": "?module=<module>",
    "listExportFiles": "?module=<fileModule>",
}
IDS |= {"fileModule": "ORDER"}
# What is asked for where the example is a 404.
MISSING_IDS = {"configName": "nope", "processName": "nope", "module": "nope", "fileModule": "nope"}
NOTHING_FOUND = {"queryTenantConfigs": {"configType": "nope"}}
