"""Checks every SQL statement that the tests run: it names the organization, or reads global tables, or has a reason not to.

A statement that names no organization would read all nodes of a Citus cluster, and could show one tenant another's rows.
"""

import re
import sys
from typing import Any
from weakref import WeakSet

from crossdock.store.protocols import Statement
from crossdock.store.tables import GLOBAL, metadata

_TENANT_TABLES = re.compile(rf"\b({'|'.join(sorted(metadata.tables.keys() - GLOBAL.keys()))})\b(?!_)")
# `organization_id` compared with a parameter, or with one of a list of them.
_NAMES_ORGANIZATION = re.compile(
    r"^INSERT INTO \w+ \(organization_id,|\borganization_id (?:= (?:ANY \()?|IN \()(?:\?|\$\d|%\()"
)
# What goes over all organizations, by the tables that it reads together.
WITHOUT_ORGANIZATION = {
    "delivery, endpoint": "the backlog, for the metrics of the installation",
    "endpoint, feed": "how far the worker is behind, for the metrics of the installation",
    "vendor_reference": "the command line looks for an organization with a vendor's id before it gives the id to another",
}
# Modules whose statements go over all organizations, each with its reason.
OF_WHOLE_TABLES = {
    "crossdock.store.copying": "a copy of a database has every row",
    "crossdock.store.measures": "the metrics of the installation count what all organizations have",
}


def organizations_of(sql: str) -> str | None:
    """Return what is wrong with a statement: the tenant tables that it reads without naming an organization, or None."""
    tables = ", ".join(sorted(set(_TENANT_TABLES.findall(sql))))
    return tables if tables and not _NAMES_ORGANIZATION.search(sql) and tables not in WITHOUT_ORGANIZATION else None


def check_every_statement() -> None:
    """Make a statement of the program fail when it is compiled for the first time, if it names no organization."""
    make, compile_statement = Statement.__init__, Statement._compile
    exempt: WeakSet[Statement] = WeakSet()
    for name in OF_WHOLE_TABLES.keys() & sys.modules.keys():  # made before this check began
        exempt.update(each for each in vars(sys.modules[name]).values() if isinstance(each, Statement))

    def made(statement: Statement, *arguments: Any, **options: Any) -> None:
        make(statement, *arguments, **options)
        module = sys._getframe(1).f_globals["__name__"]
        if module.partition(".")[0] != "crossdock" or module in OF_WHOLE_TABLES:
            exempt.add(statement)

    def checked(statement: Statement, dialect: Any) -> Any:
        is_new = dialect.name not in statement._compiled and statement not in exempt
        compiled = compile_statement(statement, dialect)
        if is_new and (tables := organizations_of(compiled.text)):
            raise AssertionError(f"a statement reads {tables} without naming the organization: {compiled.text}")
        return compiled

    Statement.__init__ = made  # type: ignore[method-assign]
    Statement._compile = checked  # type: ignore[method-assign]
