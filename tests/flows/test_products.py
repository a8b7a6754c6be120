"""Products are imported from rows: added, changed, or found as they should be."""

import asyncio
from decimal import Decimal
from uuid import UUID

from crossdock.core.catalog.products import KIND, Product, ProductRow, decode_product
from crossdock.core.errors import Fault
from crossdock.flows import products, tenants
from crossdock.flows.context import Context
from crossdock.store import catalog
from crossdock.store.tenants import Organization
from tests.world import STRANGERS_UUID, World

OWN_ID = "11111111-2222-4333-8444-555555555555"


def rows(*given: tuple[Product, str | None]) -> list[tuple[int, ProductRow]]:
    return [(number, ProductRow(*each)) for number, each in enumerate(given, 2)]


async def stored(context: Context, organization: Organization, sku: str) -> tuple[str, Product]:
    async with context.store.reading() as tx:
        (entry,) = await catalog.entries(tx, organization.organization_id, kind=KIND, keys=[sku], by="name")
    return entry.key, decode_product(entry.document)


class TestImportRows:
    async def test_products_are_added_with_their_own_ids_or_new_ones(self, world: World) -> None:
        organization = await world.demo_organization()
        given = rows((Product(sku="IMPORT-A", name="A"), OWN_ID), (Product(sku="IMPORT-B"), None))
        assert await products.import_rows(world.context, organization, given) == products.ImportResult(added=2)
        assert await stored(world.context, organization, "IMPORT-A") == (OWN_ID, Product(sku="IMPORT-A", name="A"))
        key, _ = await stored(world.context, organization, "IMPORT-B")
        assert UUID(key).version == 4

    async def test_an_import_can_be_run_again(self, world: World) -> None:
        organization = await world.demo_organization()
        given = rows((Product(sku="IMPORT-A", name="A", weight=Decimal("1.50")), OWN_ID))
        await products.import_rows(world.context, organization, given)
        assert await products.import_rows(world.context, organization, given) == products.ImportResult(unchanged=1)
        changed = rows((Product(sku="IMPORT-A", name="New"), None))
        assert await products.import_rows(world.context, organization, changed) == products.ImportResult(changed=1)
        expected = Product(sku="IMPORT-A", name="New", weight=Decimal("1.50"))
        assert await stored(world.context, organization, "IMPORT-A") == (OWN_ID, expected)

    async def test_a_row_that_takes_the_id_of_another_product_is_a_fault_and_the_others_are_imported(
        self, world: World
    ) -> None:
        organization = await world.demo_organization()
        await products.import_rows(world.context, organization, rows((Product(sku="IMPORT-A"), OWN_ID)))
        other = OWN_ID.replace("1", "9")
        given = rows(
            (Product(sku="IMPORT-B"), OWN_ID), (Product(sku="IMPORT-A"), other), (Product(sku="IMPORT-C"), None)
        )
        result = await products.import_rows(world.context, organization, given)
        assert (result.added, result.changed) == (1, 0)
        assert result.faults == (
            (2, Fault(("id",), "is the id of another product, with the SKU 'IMPORT-A'")),
            (3, Fault(("id",), f"must be {OWN_ID}, the id that the product with this SKU has")),
        )

    async def test_a_sku_twice_in_a_file_is_one_product(self, world: World) -> None:
        organization = await world.demo_organization()
        given = rows((Product(sku="IMPORT-A", name="A"), None), (Product(sku="IMPORT-A", brand="B"), None))
        result = await products.import_rows(world.context, organization, given)
        assert (result.added, result.changed) == (1, 1)
        _, product = await stored(world.context, organization, "IMPORT-A")
        assert product == Product(sku="IMPORT-A", name="A", brand="B")

    async def test_imports_at_once_make_one_product_of_a_sku(self, world: World) -> None:
        organization = await world.demo_organization()
        given = rows(*((Product(sku=f"IMPORT-{each}"), None) for each in range(20)))
        results = await asyncio.gather(*(products.import_rows(world.context, organization, given) for _ in range(4)))
        assert sum(result.added for result in results) == 20

    async def test_organizations_have_products_of_their_own(self, world: World) -> None:
        organization = await world.demo_organization()
        other = await tenants.add_organization(world.context, name="Other", uuid=STRANGERS_UUID)
        for each in (organization, other):
            given = rows((Product(sku="IMPORT-A", name=each.name), OWN_ID))
            assert (await products.import_rows(world.context, each, given)).added == 1
        assert (await stored(world.context, organization, "IMPORT-A"))[1].name == organization.name
