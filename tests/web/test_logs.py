"""Lines of the log name things as the API names them."""

import json

import pytest

from crossdock.core.ids import to_base32
from crossdock.web import logs

AN_ID = 914_390_942_985_756_673


class TestIds:
    @pytest.mark.parametrize(
        "name", ["order_id", "submission_id", "delivery_id", "endpoint_id", "mail_id", "aggregate_id"]
    )
    def test_an_id_is_written_as_the_api_formats_it(self, name: str) -> None:
        line = json.loads(logs._render(None, "error", {"event": "bug", name: AN_ID}))
        assert line[name] == to_base32(AN_ID)

    def test_the_number_of_an_organization_is_written_as_the_program_takes_it(self) -> None:
        line = json.loads(logs._render(None, "error", {"event": "bug", "organization_id": AN_ID, "order_id": None}))
        assert (line["organization_id"], line["order_id"]) == (AN_ID, None)
