"""What the documentation says of each call of inbound besides its summary."""

_FILTERS = (
    "Newest first. Filters can be combined; they match whole values, without regard to case. A page also ends at the server's"
    " limit of bytes: continue as long as there is a `next`."
)
_REPLACED = (
    "The body is the whole document as in the create call; `number` stays as it is. Refused with 409 `state_forbids` once"
    " something has happened to it."
)
DESCRIPTIONS = {
    "createReceivingNotice": (
        "Announces goods for a location. Nothing is in stock until they are received. A location that does not exist is refused"
        " with 422 `unknown_reference`, a number that is taken with 409 `exists`."
    ),
    "listReceivingNotices": _FILTERS,
    "getReceivingNotice": "Each line says what is expected and what has arrived.",
    "replaceReceivingNotice": _REPLACED,
    "closeReceivingNotice": "Ends the notice, also where less came than was expected. Nothing can be received afterwards.",
    "cancelReceivingNotice": "Only a notice of which nothing was received can be canceled; close it otherwise.",
    "receiveReceivingNotice": (
        "The units are added to the stock of the location, in the pools of the lines, and serve orders that wait. Fewer and"
        " more than expected are received alike. Damaged units are added to the counter `damaged` of the stock level and are"
        " not available. A receipt is made again when it is sent again: name it with an `Idempotency-Key` to retry it safely."
    ),
    "createWorkOrder": (
        "Asks a location to assemble kits. Without `components` they are those of the product with the SKU of the kit, if it"
        " has any. No stock changes until kits are completed."
    ),
    "listWorkOrders": _FILTERS,
    "getWorkOrder": "`completed` of `quantity` kits are done.",
    "replaceWorkOrder": _REPLACED,
    "closeWorkOrder": "Ends the work order, also where fewer kits were completed than asked for.",
    "cancelWorkOrder": "Only a work order of which no kit was completed can be canceled; close it otherwise.",
    "completeWorkOrder": (
        "Takes the components of the kits out of what is available at the location, and adds the kits to its stock. All or"
        " nothing: with too few components it is refused with 409 `state_forbids`, and each of them is named."
    ),
    "createTransfer": "Plans to move units from one location to another. No stock changes until they are shipped.",
    "listTransfers": f"{_FILTERS} `location` matches the source and the target.",
    "getTransfer": "Of each line, what has left the source and has not arrived is in transit.",
    "replaceTransfer": _REPLACED,
    "closeTransfer": "Ends the transfer. Units in transit are given up: they belong to no stock level.",
    "cancelTransfer": "Only a transfer of which nothing was shipped can be canceled; close it otherwise.",
    "shipTransfer": (
        "Takes the units out of what is available at the source; with too few it is refused with 409 `state_forbids`. They are"
        " in transit then, and belong to no stock level."
    ),
    "receiveTransfer": "Adds units that are in transit to the stock of the target. Damaged ones are not available there.",
    "listExpectedUnits": (
        "What open receiving notices, work orders and transfers still expect, by SKU, location and date; those without a date"
        " come last. There is no further page: of a large organization, narrow the list by `sku` or `location`."
    ),
}
