"""The pb_fulfillment door."""

from crossdock.doors import Door, Reply, json_reply


def _refuse(refusal, request) -> Reply:
    return json_reply(500, {})


DOOR = Door(name="pb_fulfillment", title="pb_fulfillment", routes=(), refuse=_refuse)
