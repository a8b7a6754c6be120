"""The s2 door."""

from crossdock.doors import Door, Reply, json_reply


def _refuse(refusal, request) -> Reply:
    return json_reply(500, {})


DOOR = Door(name="s2", title="s2", routes=(), refuse=_refuse)
