"""Locations as doors name them: by code, or by id."""

from functools import lru_cache

from crossdock.flows import allocation_setup, locations
from crossdock.flows.allocation_setup import AllocationSetup
from crossdock.flows.tenants import Organization
from crossdock.flows.unit_of_work import UnitOfWork


async def code_of(work: UnitOfWork, organization: Organization, named: str) -> str:
    """Return the code of the location that has this code, or this id in either case; the name itself where there is none."""
    return find_code(await allocation_setup.read(work.tx, work.context, work.organization_id), organization, named)


def find_code(setup: AllocationSetup, organization: Organization, named: str) -> str:
    """As `code_of`, in an organization's setup."""
    codes = [each.code for each in setup.locations]
    if named in codes:
        return named
    return next((code for code in codes if _id_for(organization, code) == named.lower()), named)


@lru_cache(10_000)
def _id_for(organization: Organization, code: str) -> str:
    return locations.location_id_for(organization, code)
