"""Locations are named by code or by id."""

from crossdock.flows import allocation_setup, location_names, locations
from tests.flows.allocating import add_locations
from tests.notifications.world import caller_of
from tests.world import World


async def test_a_location_is_found_by_code_and_by_id_in_either_case(world: World) -> None:
    caller = await caller_of(world)
    await add_locations(world, caller, "W1", "W2")
    async with world.context.store.reading() as tx:
        setup = await allocation_setup.read(tx, world.context, caller.organization_id)
    location_id = locations.location_id_for(caller.organization, "W2")
    for named, code in (("W1", "W1"), (location_id, "W2"), (location_id.upper(), "W2"), ("Garage", "Garage")):
        assert location_names.find_code(setup, caller.organization, named) == code


async def test_a_code_that_looks_like_the_id_of_another_location_is_a_code(world: World) -> None:
    caller = await caller_of(world)
    location_id = locations.location_id_for(caller.organization, "W1")
    await add_locations(world, caller, "W1", location_id)
    async with world.context.store.reading() as tx:
        setup = await allocation_setup.read(tx, world.context, caller.organization_id)
    assert location_names.find_code(setup, caller.organization, location_id) == location_id
