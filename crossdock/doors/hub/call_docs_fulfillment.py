"""What the documentation says of each call of fulfillment, returns, payments and invoices besides its summary."""

DESCRIPTIONS = {
    "shipOrder": (
        "Ships the open fulfillments of the location, or creates one and ships it in the same change. `location` is required"
        " where the order is allocated to several. What is not allocated is allocated there first; where no stock is tracked,"
        " any order can be shipped."
    ),
    "createFulfillment": (
        "A location gets the work of picking, packing and shipping units. What is not allocated to it is allocated there first;"
        " the call is refused with 409 `state_forbids` where it has not enough."
    ),
    "listFulfillments": "Newest first. What a location has to do is `location` and the status `open`.",
    "shipFulfillments": (
        "One fulfillment that is refused does not stop the others: each has its own result, in the order of the items."
    ),
    "getFulfillment": "The ETag is the version of the order, for `If-Match` of a change.",
    "pickFulfillment": (
        "Without a body everything that is left is picked. Units that are `short` leave the fulfillment; another location gets"
        " them if one has stock, otherwise they wait for stock."
    ),
    "packFulfillment": "Replaces the packages that have not been shipped. Units may be packed without being picked.",
    "shipFulfillment": (
        "Ships `packages`, or `lines` in one package, else what is packed, else everything in one package. A pickup is handed"
        " over by this and delivered at once. An invoice is made of the shipment."
    ),
    "cancelFulfillment": "Units that have not been shipped are given back, or stay allocated to the location with `keep`.",
    "moveFulfillment": (
        "The fulfillment is canceled, and a new one of the other location takes over what has not been shipped. Refused with"
        " 409 `state_forbids` where that location has not enough."
    ),
    "splitFulfillment": "The units go into a second fulfillment of the same location.",
    "mergeFulfillments": "The other fulfillment is canceled, and its open units go into this one.",
    "makeFulfillmentReady": (
        "Only of the kind `pickup`. Once more, it is a reminder. After `pickup_by` what was not fetched is canceled."
    ),
    "reshipPackage": (
        "For a package that was lost or damaged. The units are taken from stock; counters and invoices of the order stay."
    ),
    "trackPackages": (
        "Takes one report, or several in `items`. Reports may be late, repeated or out of order: the latest counts, and a"
        " delivery is not undone by an earlier report. A package that is not known has the result `not_found`."
    ),
    "requestReturn": (
        "Without `lines` everything that can be returned. The return policy decides what can, unless `overrule` is true; a"
        " fault names the rule."
    ),
    "getReturnEligibility": "For each line the units that can be returned now, or the rule by which none can.",
    "listReturns": "Newest first. What is still to come or to be judged is not in the status `judged` or `canceled`.",
    "getReturn": "The ETag is the version of the order, for `If-Match` of a change.",
    "receiveReturn": "Without `lines` everything that is expected. What becomes of the units is a second question: `judge`.",
    "judgeReturn": (
        "Units that are restocked are in stock at once, where stock is tracked at the location. Rejected units are not"
        " refunded."
    ),
    "cancelReturn": "Units that came already stay as they are.",
    "refundReturn": (
        "Without `amount` the share of the units that came and were not rejected, with their taxes and charges. Units are"
        " refunded once. A credit note is made of the refund."
    ),
    "refundOrder": (
        "Never more than what was paid and not refunded yet; a fault names what is left. A second refund under the same"
        " `reference` is not made. A credit note is made of the refund."
    ),
    "getReturnPolicy": "The default policy, which allows every return, where none was stored; then there is no ETag.",
    "putReturnPolicy": "Takes effect at once. Returns that were requested already stay as they are.",
    "recordPayment": (
        "Amounts are totals as they are now, not differences, so that a repeated report changes nothing. Crossdock moves no"
        " money."
    ),
    "getBalance": "Amounts have the decimal places of the currency. A refund can be at most `refundable`.",
    "listInvoices": "Newest first. A credit note has negative amounts.",
    "getPackingSlip": "The codes are the ids of the order and of each package, in Code 128. A gift has no prices on it.",
    "getLabels": "4x6 in, one page for each package: the address, the order and a code; no carrier's label.",
    "getInvoicePaper": "In the invoice's currency; a refund is printed as a credit note.",
    "getPickList": "What the open fulfillments of the location want, by SKU, at most 200 fulfillments, the oldest first.",
    "getInvoice": "The lines are those of a shipment; a credit note has only components.",
    "getInvoicesOfOrder": "Oldest first. The amounts of all shipments of an order add up to its total.",
    "postInvoices": "All or none. An invoice that is posted already stays as it is, so that a retry is safe.",
    "acknowledgeInvoices": (
        "All or none. Refused with 409 `state_forbids` where one is not posted. One that is acknowledged already stays as it"
        " is."
    ),
}
