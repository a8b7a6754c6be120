"""The schema keeps its promises, and the migrations make exactly this schema."""

import re
import sqlite3
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, CheckConstraint, Connection, Table, UniqueConstraint, create_engine, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from crossdock.core.orders.status import Counters
from crossdock.store import schema
from crossdock.store.tables import GLOBAL, metadata, order_line
from tests.citus import COORDINATOR

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)
TENANT_TABLES = [table for table in TABLES if table.name not in GLOBAL]

# Each node of a Citus cluster has a copy of these; may only grow by tables that are small and seldom written.
GLOBAL_TABLES = {"installation", "directory", "organization", "person", "membership"}

by_name = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
by_tenant = pytest.mark.parametrize("table", TENANT_TABLES, ids=lambda table: table.name)


def first_columns(table: Table) -> dict[str, str]:
    """Return the first column of each key and index of a table."""
    keys: dict[str, Any] = {str(table.primary_key.name): table.primary_key.columns}
    keys |= {str(each.name): each.columns for each in table.constraints if isinstance(each, UniqueConstraint)}
    keys |= {str(index.name): index.columns for index in table.indexes}
    return {name: next(iter(columns)).name for name, columns in keys.items()}


class TestTables:
    @by_tenant
    def test_the_organization_leads_every_key_and_index(self, table: Table) -> None:
        assert not {name for name, column in first_columns(table).items() if column != "organization_id"}

    def test_no_table_is_global_without_need(self) -> None:
        assert set(GLOBAL) <= GLOBAL_TABLES
        assert set(GLOBAL) <= set(metadata.tables)
        assert all(GLOBAL.values())

    @by_tenant
    def test_every_row_has_an_organization(self, table: Table) -> None:
        column = table.columns["organization_id"]
        assert isinstance(column.type, BigInteger)
        assert not column.nullable
        assert next(iter(table.columns)).name == "organization_id"

    @by_name
    def test_no_table_has_a_unique_index_besides_its_key(self, table: Table) -> None:
        assert not [index.name for index in table.indexes if index.unique]

    @by_name
    def test_times_and_ids_have_64_bits(self, table: Table) -> None:
        references = {"client_id", "token_id"}  # texts by nature
        for column in table.columns:
            if column.name.endswith("_at") or column.name == "at":
                assert isinstance(column.type, BigInteger), column
            if column.name.endswith("_id") and column.name not in references:
                assert isinstance(column.type, BigInteger), column

    @by_name
    def test_every_constraint_and_index_has_a_name(self, table: Table) -> None:
        assert all(constraint.name for constraint in table.constraints)
        assert all(index.name for index in table.indexes)

    @by_name
    def test_no_column_is_a_float(self, table: Table) -> None:
        assert {type(column.type).__name__ for column in table.columns} <= {
            "BigInteger",
            "Boolean",
            "Integer",
            "LargeBinary",
            "Text",
        }


class TestCounters:
    def test_the_table_checks_counters_as_the_core_does(self) -> None:
        (check,) = [each for each in order_line.constraints if isinstance(each, CheckConstraint)]
        names = Counters.__struct_fields__
        connection = sqlite3.connect(":memory:")
        text = f"SELECT {check.sqltext} FROM (SELECT {', '.join(f'? AS {name}' for name in names)})"
        for values in product((0, 1, 2), (-1, 0, 1), *[(-1, 0, 1)] * 2, (-1, 0, 1, 2), *[(-1, 0, 1)] * 3):
            (holds,) = connection.execute(text, values).fetchone()
            assert bool(holds) == Counters(*values).is_sound(), values
        connection.close()

    def test_counter_columns_are_in_the_order_of_the_core(self) -> None:
        assert tuple(column.name for column in order_line.columns)[5:] == Counters.__struct_fields__


async def look(url: str, see: Callable[[Connection], Any]) -> Any:
    """Let `see` look at a database through SQLAlchemy."""
    if url.startswith("sqlite"):
        engine = create_engine(url)
        with engine.connect() as connection:
            seen = see(connection)
        engine.dispose()
        return seen
    asynchronous = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    async with asynchronous.connect() as opened:
        seen = await opened.run_sync(see)
    await asynchronous.dispose()
    return seen


@pytest.fixture
async def migrated(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of an empty database that went through every migration."""
    with monkeypatch.context() as then:
        then.setattr(schema, "_create", schema._upgrade)
        await schema.migrate(empty_database)
    return empty_database


class TestMigrations:
    async def test_the_migrations_lead_to_the_schema_of_the_metadata(self, migrated: str) -> None:
        def differences(connection: Connection) -> list[Any]:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, metadata))

        assert await look(migrated, differences) == []

    async def test_migrated_columns_are_in_the_order_in_which_rows_are_written(self, migrated: str) -> None:
        def columns(connection: Connection) -> dict[str, list[str]]:
            found = inspect(connection)
            return {table.name: [column["name"] for column in found.get_columns(table.name)] for table in TABLES}

        assert await look(migrated, columns) == {table.name: [each.name for each in table.columns] for table in TABLES}

    async def test_the_migrations_create_every_check_and_primary_key(self, migrated: str) -> None:
        def keys(connection: Connection) -> dict[str, Any]:
            found = inspect(connection)
            return {
                table.name: (
                    {check["name"] for check in found.get_check_constraints(table.name)},
                    found.get_pk_constraint(table.name)["constrained_columns"],
                )
                for table in TABLES
            }

        assert await look(migrated, keys) == {
            table.name: (
                {each.name for each in table.constraints if isinstance(each, CheckConstraint)},
                [column.name for column in table.primary_key.columns],
            )
            for table in TABLES
        }

    async def test_migrated_partial_indexes_have_the_conditions_of_the_metadata(self, migrated: str) -> None:
        def partial(connection: Connection) -> set[str]:
            if connection.dialect.name == "sqlite":
                query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
            else:
                query = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'"
            return {row[0] for row in connection.exec_driver_sql(query)}

        for engine in ("sqlite", "postgresql"):
            narrowed = {
                index.name
                for table in TABLES
                for index in table.indexes
                if index.dialect_options[engine].get("where") is not None
            }
            assert await look(migrated, partial) == narrowed

    @pytest.mark.skipif(bool(COORDINATOR), reason="the migrated database is not on the Citus cluster")
    async def test_a_new_database_equals_a_migrated_one(self, migrated: str, database: str) -> None:
        """Compared word by word on SQLite, which stores the text of every table and index."""

        def words(connection: Connection) -> dict[str, Any]:
            if connection.dialect.name == "sqlite":
                query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            else:
                query = (
                    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL"
                    " SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0 UNION ALL"
                    " SELECT table_name || '.' || column_name, concat_ws(' ', ordinal_position, data_type,"
                    " character_maximum_length, is_nullable, column_default)"
                    " FROM information_schema.columns WHERE table_schema = 'public'"
                )
            return {
                name: sorted(re.findall(r"\w+|[^\w\s]", given)) for name, given in connection.exec_driver_sql(query)
            }

        made = await look(database, words)
        assert {*metadata.tables, "alembic_version"} <= {name.split(".")[0] for name in made}
        assert await look(migrated, words) == made

    async def test_a_new_database_records_all_migrations_as_applied(self, database: str) -> None:
        def revisions(connection: Connection) -> list[Any]:
            return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM alembic_version")]

        assert await look(database, revisions) == [(schema.HEAD,)]

    def test_the_migrations_form_one_line_that_ends_at_head(self) -> None:
        scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
        assert scripts.get_heads() == [schema.HEAD]
        assert len(scripts.get_bases()) == 1
        files = sorted((Path(schema.__file__).parent / "migrations" / "versions").glob("*.py"))
        assert files[-1].name.startswith(f"{schema.HEAD}_")
