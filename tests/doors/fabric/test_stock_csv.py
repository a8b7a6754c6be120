"""Files of a bulk upload."""

import pytest

from crossdock.core.errors import Invalid
from crossdock.doors.fabric import stock_csv
from crossdock.doors.fabric.errors import message_of
from crossdock.doors.fabric.stock_csv import error_file, read_file, width_fault

HEADS = b"SKU,Location Number,channel_id\n"


def refused(content: bytes) -> str:
    with pytest.raises(Invalid) as found:
        read_file(content)
    return message_of(found.value)


class TestRead:
    def test_columns_are_known_in_any_spelling_and_the_others_are_counters(self) -> None:
        content = (
            "\ufeffsku, Item ID ,LOCATION_NUM,Channel-Id,Total Quantity,Reserved Quantity,Safety Stock,infiniteInventory,"
            'PreOrderDate,my "own"\r\n'
            '"A,1",7,13,12,100,3,5,TRUE,2030-01-01T00:00:00Z,2\r\n\r\nB,x,y,12,,,,maybe,,\r\n'
        )
        one, two = read_file(content.encode()).rows
        assert one.body == {
            "sku": "A,1", "itemId": 7, "locationNum": 13, "channelId": "12", "safetyStock": 5, "infiniteInventory": True,
            "preOrderDate": "2030-01-01T00:00:00Z", "counters": {"onHand": "100", "allocated": "3", 'my "own"': "2"},
        }  # fmt: skip
        assert two.body == {
            "sku": "B", "itemId": "x", "locationNum": "y", "channelId": "12", "infiniteInventory": "maybe",
        }  # fmt: skip

    def test_a_file_without_rows_is_read(self) -> None:
        assert read_file(HEADS).rows == ()

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "The file has no row of heads"),
            (b"\n \n", "The file has no row of heads"),
            (b"\xff\xfe", "The file must be UTF-8"),
            (b"SKU\x00", "The file must not hold NUL"),
            (b'SKU,"location', "The file is no CSV: unexpected end of data"),
            (b"a", "locationNum: is missing as a column; channelId: is missing as a column; "
                   "sku: is missing as a column, and there is no itemId"),
            (HEADS[:-1] + b",on-hand,Total Quantity\n", "Total Quantity: is the same column as another"),
        ],
    )  # fmt: skip
    def test_a_file_that_cannot_be_read_is_refused_with_all_faults(self, content: bytes, message: str) -> None:
        assert refused(content) == message

    def test_a_file_has_a_largest_number_of_rows_and_counters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stock_csv, "MAX_ROWS", 2)
        assert len(read_file(HEADS + b"A,1,1\n" * 2).rows) == 2
        assert refused(HEADS + b"A,1,1\n" * 3) == "The file has more than 2 rows"
        counters = ",".join(f"c{number}" for number in range(101)).encode()
        assert refused(HEADS[:-1] + b"," + counters + b"\n") == "The file has more than 100 counters"


class TestErrorFile:
    def test_rows_are_as_they_were_sent_with_an_error_in_the_last_column(self) -> None:
        stock_file = read_file(HEADS + b'"A,1"\nB,2,3,4\n')
        short, long = stock_file.rows
        assert (width_fault(stock_file, short), width_fault(stock_file, long)) == (None, "has 4 cells, the heads are 3")
        written = error_file(stock_file, [(short, "is wrong"), (long, 'is "wrong", too')])
        assert written.decode() == (
            'SKU,Location Number,channel_id,error\r\n"A,1",,,is wrong\r\nB,2,3,"is ""wrong"", too"\r\n'
        )

    def test_a_cell_is_no_formula_and_is_read_back_as_it_was(self) -> None:
        """The file is opened in a spreadsheet, corrected and sent again."""
        stock_file = read_file(HEADS.replace(b"channel_id", b"channel_id,=SUM(1)") + b"=1+1,-13,12,@x\n")
        written = error_file(stock_file, [(stock_file.rows[0], "-bad")])
        assert written.decode() == "SKU,Location Number,channel_id,'=SUM(1),error\r\n'=1+1,-13,12,'@x,'-bad\r\n"
        again = read_file(written).rows[0].body
        assert again["counters"].pop("error") == "-bad"
        assert again == stock_file.rows[0].body
        assert error_file(read_file(written), [(read_file(written).rows[0], "")]).count(b"'") == 4
