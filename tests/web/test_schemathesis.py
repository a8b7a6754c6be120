"""Schemathesis over the OpenAPI documents: no call has a server error, and every answer is one that the document describes."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from crossdock.doors import all_doors
from crossdock.web import openapi
from tests.vendors import VENDORS
from tests.web.tenancy_cases import Case as KnownRequest
from tests.web.test_tenancy import victim
from tests.world import World

if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

DOORS = {door.name: door for door in all_doors()}
EXPECTED_ERRORS = (501, 503)  # not offered; busy
CHECKS = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
SAMPLE = 90  # one operation in so many gets random cases in the short form; each costs as much as a hundred requests

filled = victim  # a fixture: an organization that has something of everything, and a request for it by operation


@pytest.fixture
def engine() -> str:
    """One engine: what is attacked here is in front of the database."""
    return "sqlite"


def operations(door: str) -> list["APIOperation"]:
    """Return the operations of a door's document, as Schemathesis reads them."""
    import schemathesis  # takes a second

    document = msgspec.json.decode(msgspec.json.encode(openapi.document(DOORS[door])))
    return [each.ok() for each in schemathesis.openapi.from_dict(document).get_all_operations()]


def cases(operation: "APIOperation", *, bounds: int, random: int) -> Iterator["Case"]:
    """Yield cases at the bounds of the schema and just beyond, and random ones, valid and not.

    The first one at the bounds is made of the documented examples.
    """
    from schemathesis.generation import GenerationMode

    yield from islice(bounds_of(operation), bounds)
    for mode in GenerationMode if random else ():
        yield from drawn(operation.as_strategy(generation_mode=mode), random)


def bounds_of(operation: "APIOperation") -> Iterator["Case"]:
    """Yield what Schemathesis calls coverage, but for other methods: tests/web/test_asgi.py has those."""
    from schemathesis.generation import GenerationMode
    from schemathesis.generation.drivers import CoverageGenerator
    from schemathesis.generation.feedback import NO_FEEDBACK
    from schemathesis.generation.overrides import Override

    generated = CoverageGenerator(
        operation=operation,
        generation_modes=list(GenerationMode),
        generation_config=operation.schema.config.generation_for(operation=operation, phase="coverage"),
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )
    return (case for case in generated if case.method.lower() == operation.method.lower())


def drawn(strategy: Any, count: int) -> list["Case"]:
    """Return the first cases of a strategy, the same ones in every run; fewer where its schema allows no more."""
    found: list[Case] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate])
    @given(strategy)
    def draw(case: "Case") -> None:
        found.append(case)

    with suppress(Unsatisfiable, FailedHealthCheck):  # such as an invalid body where every body is valid
        draw()
    return found


class Attacker:
    """Sends cases to a door as the demo's client, every second one to a thing that there is; collects faults of the answers."""

    def __init__(self, world: World, door: str, known: dict[tuple[str, str], KnownRequest]) -> None:
        from schemathesis import checks

        checks.load_all_checks()
        self._checks = checks.CHECKS.get_by_names(CHECKS)
        self._world, self._door, self._known = world, door, known
        self._token: dict[str, str] = {}
        self._sent = 0
        self.faults: dict[str, str] = {}

    async def attack(self, case: "Case") -> None:
        """Send a case and check the answer."""
        self._sent += 1
        operation = case.operation.definition.raw["operationId"]
        known = self._known.get((self._door, operation))
        if known is not None and self._sent % 2 and case.path_parameters:
            case.path_parameters = case.path_parameters | known.params
        if case.query and "wait" in case.query:  # the feed's long poll
            case.query = case.query | {"wait": "0"}
        answer = await self._send(case)
        if answer.status_code == 401:  # a case may have revoked it
            self._token = {}
        self._check(case, operation, answer)

    async def _send(self, case: "Case") -> httpx.Response:
        """Send a case with the headers of the door; every eighth one with those of the case only, but for the token."""
        import requests

        request = requests.Request(**case.as_transport_kwargs(base_url="http://crossdock")).prepare()
        self._token = self._token or await self._world.bearer()
        own = (VENDORS[self._door].headers(f"attack-{self._sent}") if self._sent % 8 else {}) | self._token
        headers = {name.lower(): value for name, value in (*request.headers.items(), *own.items())}
        return await self._world.http.request(
            str(request.method), str(request.url), content=request.body,
            headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        )  # fmt: skip

    def _check(self, case: "Case", operation: str, answer: httpx.Response) -> None:
        from schemathesis.core.failures import FailureGroup

        fault = f"{operation} {answer.status_code}"
        if answer.status_code >= 500 and answer.status_code not in EXPECTED_ERRORS:
            self.faults[fault] = f"{case.as_curl_command()}\n{answer.text}"
        try:
            case.validate_response(answer, checks=self._checks)
        except FailureGroup as failures:
            self.faults.setdefault(fault, f"{case.as_curl_command()}\n{failures.exceptions}\n{answer.text[:1000]}")


@pytest.mark.parametrize("door", sorted(DOORS))
async def test_nothing_at_the_bounds_of_a_document_ends_in_a_server_error(
    world: World, filled: dict[tuple[str, str], KnownRequest], door: str
) -> None:
    attacker = Attacker(world, door, filled)
    for place, operation in enumerate(operations(door)):
        for case in cases(operation, bounds=2, random=1 if place % SAMPLE == 1 else 0):
            await attacker.attack(case)
    assert not attacker.faults, "\n\n".join(attacker.faults.values())


@pytest.mark.prove
@pytest.mark.parametrize("door", sorted(DOORS))
async def test_no_case_of_a_document_ends_in_a_server_error(
    world: World, filled: dict[tuple[str, str], KnownRequest], door: str
) -> None:
    attacker = Attacker(world, door, filled)
    for operation in operations(door):
        for case in cases(operation, bounds=150, random=8):
            await attacker.attack(case)
    assert not attacker.faults, "\n\n".join(attacker.faults.values())
