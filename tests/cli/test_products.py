"""`crossdock product`."""

import json
from pathlib import Path

import httpx
import pytest

from tests.cli.program import LIMIT_S, done, refused, run
from tests.server import Server
from tests.vendors import VENDORS, bearer

OWN_ID = "0d1b3e0a-5f0c-4f6e-9a68-1f8a5c0f9d11"
GOOD = f"""\ufeffsku,id,name,gtin,weight,origin_country,tariff_code,value,currency
TEE-RED,{OWN_ID},"Tee, red",4006381333931,0.200,PT,6109.10,4.20,EUR
MUG,,Mug,,,,,,

"""


class TestImport:
    def test_products_are_imported_with_their_own_ids_and_orders_name_them(
        self, filled: str, organization: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "products.csv"
        file.write_text(GOOD, encoding="utf-8")
        assert "added      2\n" in done(filled, "product", "import", "Demo", str(file))
        again = json.loads(done(filled, "product", "import", organization, str(file), "--json"))
        assert again == {"added": 0, "changed": 0, "unchanged": 2, "faults": 0, "rows": []}
        assert f"{OWN_ID}  TEE-RED  Tee, red  4006381333931\n" in done(
            filled, "product", "list", "Demo", "--term", "tee"
        )
        with Server(filled) as server:
            headers = bearer(server.base)
            body = VENDORS["s2"].body("CSV-1")
            body["items"] = [body["items"][0] | {"productId": OWN_ID}]
            order = httpx.post(f"{server.base}/order", json=body, headers=headers, timeout=LIMIT_S).json()
            product = order["items"][0]["product"]
            assert (product["sku"], product["name"], product["gtin"]) == ("TEE-RED", "Tee, red", "4006381333931")
            assert (product["shippingWeightKg"], product["caseUnit"], product["unknown"]) == (0.2, "EACH", False)
            oms = VENDORS["pb_oms"].body("CSV-2")
            oms["items"] = [{"customProductId": "TEE-RED", "quantity": 2}]
            created = httpx.post(
                f"{server.base}/ordermanagement/api/v1/orders", json=oms, headers=headers, timeout=LIMIT_S
            )
            path = f"/ordermanagement/api/v1/orders/{created.json()['orderId']}"
            (item,) = httpx.get(server.base + path, headers=headers, timeout=LIMIT_S).json()["orderInfo"]["items"]
            shown = {
                name: item[name] for name in ("itemId", "description", "hSTariffCode", "originCountryCode", "quantity")
            }
            assert shown == {
                "itemId": "TEE-RED", "description": "Tee, red", "hSTariffCode": "6109.10", "originCountryCode": "PT",
                "quantity": 2,
            }  # fmt: skip

    def test_every_fault_is_named_by_row_and_column_and_the_other_rows_are_imported(
        self, filled: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "products.csv"
        file.write_text("sku,gtin,weight\nA,1,heavy\nB,,1\n,,\n,4006381333931,\nC,,,x\n", encoding="utf-8")
        answer = run(filled, "product", "import", "Demo", str(file))
        assert answer.returncode == 1
        assert "added      1\n" in answer.stdout
        assert [line.partition(":")[0] for line in answer.stdout.splitlines() if line.startswith("row ")] == [
            "row 2, column gtin", "row 2, column weight", "row 5, column sku", "row 6, column 4",
        ]  # fmt: skip
        assert answer.stderr.splitlines()[-1] == f"crossdock: 3 rows of {file} were not imported"
        assert "B" in done(filled, "product", "list", "Demo", "--term", "B")

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_columns_are_separated_by_commas_semicolons_or_tabs(
        self, filled: str, tmp_path: Path, separator: str
    ) -> None:
        file = tmp_path / "products.csv"
        rows = (("sku", "name", "weight"), ("A", '"Tee, red; or\tblue"', "0.2"), ("B", "Mug", '"0,2"'))
        file.write_text(
            "\ufeff\r\n" + "".join(separator.join(row) + "\r\n" for row in rows), encoding="utf-8", newline=""
        )
        answer = run(filled, "product", "import", "Demo", str(file), "--json")
        printed = json.loads(answer.stdout)
        (fault,) = printed["rows"]
        assert (printed["added"], fault["row"], fault["column"]) == (1, 4, "weight")
        assert fault["reason"].endswith("not '0,2'; write a decimal point instead of a comma")
        (product,) = json.loads(done(filled, "product", "list", "Demo", "--term", "tee", "--json"))
        assert (product["sku"], product["name"]) == ("A", "Tee, red; or\tblue")

    def test_a_file_that_is_no_list_of_products_is_refused(self, filled: str, tmp_path: Path) -> None:
        file = tmp_path / "products.csv"
        for content, reason in (
            (b"name,price\nA,1\n", "column 'price' is no column of products"),
            (b"", "column 'sku' is required"),
            (b"sku\n\xff\n", "is not UTF-8 (byte"),
            (b"sku|name\nA|B\n", "separate columns by commas, semicolons or tabs"),
        ):
            file.write_bytes(content)
            assert reason in refused(run(filled, "product", "import", "Demo", str(file)))


class TestList:
    def test_an_empty_list_says_what_to_do(self, empty: str) -> None:
        done(empty, "organization", "add", "Shop")
        answer = run(empty, "product", "list", "Shop")
        assert (answer.returncode, answer.stdout) == (0, "")
        assert "crossdock product import" in answer.stderr
