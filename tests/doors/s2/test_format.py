"""The document format of this door."""

from crossdock.doors.s2.format import FORMAT


def test_the_format_is_named_as_its_door() -> None:
    assert (FORMAT.name, FORMAT.lines, FORMAT.number_path) == ("s2", "items", ("channelOrderId",))
