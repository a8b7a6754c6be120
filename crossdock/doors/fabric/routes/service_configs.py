"""Target and fraud configurations: which services a process of a service uses, and which orders are held for fraud.

A target configuration is stored and answered, and has no effect. The conditions of a fraud configuration are evaluated for each
new order (fraud_conditions.py). The paths name the service first for targets, and the process first for fraud, as the vendor's.
"""

from typing import Any

from crossdock.core.errors import Fault
from crossdock.core.json.request_body import DocumentRule
from crossdock.doors import Reply, Request, Route, in_one_view, json_reply
from crossdock.doors.fabric import examples_config as examples
from crossdock.doors.fabric import wire_calls
from crossdock.doors.fabric import wire_config as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE
from crossdock.doors.fabric.fraud_conditions import KIND, condition_faults
from crossdock.doors.fabric.routes.common import CONTEXT, paths, read_document
from crossdock.doors.fabric.routes.config_entries import Configurations, check_tenant
from crossdock.flows import access, placement_rules

Tree = Any
_NAMES = ("processName", "serviceName")
TARGETS = Configurations(
    "fabric/target_config", "target configuration", wire.StoredTargetConfig, _NAMES, most=1_000
)  # fmt: skip
FRAUD = Configurations(
    KIND, "fraud configuration", wire.StoredFraudConfig, _NAMES, most=placement_rules.MAX_RULES
)  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- target
@in_one_view
async def list_targets(request: Request) -> Reply:
    """List all target configurations as an array, oldest first."""
    return json_reply(200, await TARGETS.all(request))


async def create_target(request: Request) -> Reply:
    """Create a target configuration: 200 and the configuration; 409 where its service and process are taken."""
    _, document = read_document(request, wire.TargetConfig, lambda tree: check_tenant(request, tree))
    services = document.get("targetService") or []
    return json_reply(200, await TARGETS.add(request, document | {"targetService": services}))


async def get_target(request: Request) -> Reply:
    """Read a target configuration."""
    return json_reply(200, await TARGETS.get(request))


async def delete_target(request: Request) -> Reply:
    """Delete a target configuration: 200 without a body."""
    await TARGETS.remove(request)
    return Reply(200)


# ---------------------------------------------------------------------------------------------------------------- fraud
def _conditions_rule(*path: str) -> DocumentRule:
    def rule(tree: Tree) -> list[Fault]:
        for name in path:
            tree = tree.get(name) if isinstance(tree, dict) else None
        return list(condition_faults(tree, path))

    return rule


def _forget(request: Request) -> None:
    placement_rules.forget(request.context, request.caller.organization_id, KIND)


@in_one_view
async def list_fraud(request: Request) -> Reply:
    """List all fraud configurations as an array, oldest first."""
    return json_reply(200, await FRAUD.all(request))


async def create_fraud(request: Request) -> Reply:
    """Create a fraud configuration: 200 and the configuration; 409 where its process and service are taken."""
    rule = _conditions_rule("configuration", "conditions")
    _, document = read_document(request, wire.FraudConfig, rule, lambda tree: check_tenant(request, tree))
    added = await FRAUD.add(request, document)
    _forget(request)
    return json_reply(200, added)


async def get_fraud(request: Request) -> Reply:
    """Read a fraud configuration."""
    return json_reply(200, await FRAUD.get(request))


async def replace_fraud(request: Request) -> Reply:
    """Replace the conditions of a fraud configuration: 200 and the configuration."""
    _, document = read_document(request, wire.FraudConditions, _conditions_rule("conditions"))
    changed = await FRAUD.change(request, lambda before: before | {"configuration": document})
    _forget(request)
    return json_reply(200, changed)


async def delete_fraud(request: Request) -> Reply:
    """Delete a fraud configuration: 200 without a body."""
    await FRAUD.remove(request)
    _forget(request)
    return Reply(200)


# ---------------------------------------------------------------------------------------------------------------- routes
_TARGETS = paths("/configurations/target-config")
_TARGET = paths("/configurations/target-config/{serviceName}/{processName}")
_FRAUDS = paths("/configurations/fraud-config")
_FRAUD = paths("/configurations/fraud-config/{processName}/{serviceName}")
_TAKEN = {409: wire_calls.ErrorResponse}
_DELETED: dict[int, Any] = {200: None, **ERRORS, **ABSENT}
ROUTES = (
    Route(
        "GET", _TARGETS, list_targets, access.READ, "listTargetConfigs", "List target configurations",
        answers={200: {"type": "array", "items": wire.StoredTargetConfig}, **ERRORS}, parameters=(CONTEXT,),
        description="Returns all target configurations as an array, the oldest first.",
        examples={200: [examples.STORED_TARGET]},
    ),
    Route(
        "POST", _TARGETS, create_target, access.ADMIN, "createTargetConfig", "Create a target configuration",
        request=wire.TargetConfig, answers={200: wire.StoredTargetConfig, **ERRORS, **LARGE, **_TAKEN}, parameters=(CONTEXT,),
        description="Stores the services that a process of a service uses. Crossdock calls none of them.",
        examples={"request": examples.TARGET, 200: examples.STORED_TARGET, 409: examples.TARGET_TAKEN},
    ),
    Route(
        "GET", _TARGET, get_target, access.READ, "getTargetConfig", "Read a target configuration",
        answers={200: wire.StoredTargetConfig, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the target configuration of this process of this service.",
        examples={200: examples.STORED_TARGET, 404: examples.NO_TARGET},
    ),
    Route(
        "DELETE", _TARGET, delete_target, access.ADMIN, "deleteTargetConfig", "Delete a target configuration",
        answers=_DELETED, parameters=(CONTEXT,),
        description="Deletes the target configuration of this process of this service. The response has no body.",
        examples={404: examples.NO_TARGET},
    ),
    Route(
        "GET", _FRAUDS, list_fraud, access.READ, "listFraudConfigs", "List fraud configurations",
        answers={200: {"type": "array", "items": wire.StoredFraudConfig}, **ERRORS}, parameters=(CONTEXT,),
        description="Returns all fraud configurations as an array, the oldest first.",
        examples={200: [examples.STORED_FRAUD]},
    ),
    Route(
        "POST", _FRAUDS, create_fraud, access.ADMIN, "createFraudConfig", "Create a fraud configuration",
        request=wire.FraudConfig, answers={200: wire.StoredFraudConfig, **ERRORS, **LARGE, **_TAKEN}, parameters=(CONTEXT,),
        description=(
            "Stores conditions. A new order that meets all conditions of one of the inner lists gets the hold "
            "ORDER_HOLD_FRAUD. See the guide for the operators and types."
        ),
        examples={"request": examples.FRAUD, 200: examples.STORED_FRAUD, 409: examples.FRAUD_TAKEN},
    ),
    Route(
        "GET", _FRAUD, get_fraud, access.READ, "getFraudConfig", "Read a fraud configuration",
        answers={200: wire.StoredFraudConfig, **ERRORS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the fraud configuration of this process of this service.",
        examples={200: examples.STORED_FRAUD, 404: examples.NO_FRAUD},
    ),
    Route(
        "PUT", _FRAUD, replace_fraud, access.ADMIN, "replaceFraudConfig", "Replace the conditions of a fraud configuration",
        request=wire.FraudConditions, answers={200: wire.StoredFraudConfig, **ERRORS, **LARGE, **ABSENT},
        parameters=(CONTEXT,), description="Replaces all conditions. Orders that are here already are not evaluated again.",
        examples={"request": examples.CONDITIONS, 200: examples.REPLACED_FRAUD, 404: examples.NO_FRAUD},
    ),
    Route(
        "DELETE", _FRAUD, delete_fraud, access.ADMIN, "deleteFraudConfig", "Delete a fraud configuration",
        answers=_DELETED, parameters=(CONTEXT,),
        description="Deletes the conditions; orders that they hold stay on hold. The response has no body.",
        examples={404: examples.NO_FRAUD},
    ),
)  # fmt: skip
