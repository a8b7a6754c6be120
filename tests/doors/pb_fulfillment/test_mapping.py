"""Mapping between the create body of the Pitney Bowes Fulfillment door and canonical content."""

from crossdock.core.orders.model import Content, Destination, Line
from crossdock.doors.pb_fulfillment.format import FORMAT
from crossdock.flows.formats import MissingFields
from tests.doors.pb_fulfillment.documents import REFERENCE_DATA, make_order


class TestMapping:
    def test_rendered_content_maps_back_to_the_same_content(self) -> None:
        content = make_order().content
        rendered = FORMAT.from_content(content, REFERENCE_DATA, MissingFields())
        assert FORMAT.to_content(FORMAT.parse_rendered(rendered), REFERENCE_DATA) == content

    def test_required_fields_that_an_order_of_another_door_lacks_are_filled_in(self) -> None:
        content = Content(number="A", lines=(Line(1), Line(2, sku="S", line_ref="7"), Line(3, line_ref="x")))
        missing_fields = MissingFields()
        rendered = FORMAT.from_content(content, REFERENCE_DATA, missing_fields)
        assert {missing_field.path for missing_field in missing_fields.fields} == {
            ("clientId",), ("inputShippingDetails", "carrier"), ("orderLines", 0, "lineId"),
            ("orderLines", 0, "sku"), ("orderLines", 2, "lineId"), ("orderLines", 2, "sku"),
            ("toAddress", "addressLines"), ("toAddress", "cityTown"), ("toAddress", "countryCode"),
        }  # fmt: skip
        assert [line["lineId"] for line in rendered["orderLines"]] == [1, 7, 3]
        returned = FORMAT.to_content(FORMAT.parse_rendered(rendered), REFERENCE_DATA)
        assert (returned.account_ref, returned.placed_at, returned.lines[0].sku) == (None, None, None)
        assert returned.destinations == (Destination(address=returned.destinations[0].address),)
