"""The hub door."""

from crossdock.doors import Door, Reply, json_reply


def _refuse(refusal, request) -> Reply:
    return json_reply(500, {})


DOOR = Door(name="hub", title="hub", routes=(), refuse=_refuse)
