"""The seeds of new organizations."""

from crossdock.doors.s2 import DOOR


def test_a_new_organization_gets_one_account() -> None:
    (one,), (other,) = DOOR.seeds("Acme"), DOOR.seeds("Acme")
    assert (one.kind, one.name, one.document["name"]) == ("s2/account", "Acme", "Acme")
    assert one.key != other.key
