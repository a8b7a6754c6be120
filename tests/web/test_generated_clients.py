"""Clients generated from the OpenAPI documents: complete, without warnings, and able to create an order.

Both generators run in this process, because their start takes longer than their work.
"""

import copy
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datamodel_code_generator as models_generator
import httpx
import msgspec
import openapi_python_client
import pytest
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import openapi as parser_of_calls

from crossdock.doors import all_doors
from crossdock.web import openapi
from tests.vendors import VENDORS, sample
from tests.world import World

DOORS = {door.name: door for door in all_doors()}
# The generator knows no mails, which are strings as text, and no CSV in requests, which is bytes as any file is.
OVERRIDES = {
    "application/pdf": "application/octet-stream",
    "message/rfc822": "text/plain",
    "text/csv": "application/octet-stream",
}

# The second generator reads the same documents; `make prove` gives it all of them.
MODELED = [name if name in ("hub", "s2") else pytest.param(name, marks=pytest.mark.prove) for name in DOORS]


@pytest.fixture
def engine() -> str:
    """One engine: no document depends on it."""
    return "sqlite"


@pytest.fixture
def document(tmp_path: Path, door: str) -> Path:
    """Return a file with a door's document."""
    path = tmp_path / f"{door}.json"
    path.write_bytes(msgspec.json.encode(openapi.document(DOORS[door])))
    return path


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder from which modules can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.startswith("generated_"):
            del sys.modules[name]


def generate_client(document: Path, folder: Path, door: str) -> list[Any]:
    """Generate the package `generated_<door>`; returns the generator's warnings and errors."""
    name = f"generated_{door}"
    # The generator copies each call with all its models, half of its time, and never uses the original.
    parser_of_calls.deepcopy = copy.copy  # type: ignore[attr-defined]
    config = Config.from_sources(
        ConfigFile(package_name_override=name, post_hooks=[], content_type_overrides=OVERRIDES),
        MetaType.NONE,
        document,
        "utf-8",
        overwrite=True,
        output_path=folder / name,
    )
    return list(openapi_python_client.generate(config=config))


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("door", list(DOORS))
class TestOpenapiPythonClient:
    async def test_a_client_has_every_call_and_creates_an_order(
        self, world: World, document: Path, importable: Path, door: str
    ) -> None:
        assert generate_client(document, importable, door) == []
        modules = {path.stem: path for path in (importable / f"generated_{door}" / "api").glob("*/*.py")}
        assert {snake_case(route.operation) for route in DOORS[door].routes} <= set(modules)

        vendor, token = VENDORS[door], (await world.bearer())["Authorization"].removeprefix("Bearer ")
        call = importlib.import_module(f"generated_{door}.api.{modules['create_order'].parent.name}.create_order")
        package = importlib.import_module(f"generated_{door}")
        transport = {"transport": world.http._transport}
        client = package.AuthenticatedClient(base_url="http://crossdock", token=token, httpx_args=transport)
        body = importlib.import_module(f"generated_{door}.models").OrderCreate.from_dict(sample(door))
        headers = {f"{snake_case(name).replace('-', '_')}": value for name, value in header_arguments(door).items()}
        answer = await call.asyncio_detailed(client=client, body=body, **headers)
        assert answer.status_code == vendor.ok
        created = answer.parsed.to_dict()
        assert created[vendor.number] == sample(door)[vendor.number]
        read = await world.http.get(vendor.read(created), headers=await world.bearer() | vendor.headers("read"))
        assert read.status_code == 200


def header_arguments(door: str) -> dict[str, str]:
    """Return the headers that the create call declares as required."""
    (route,) = [each for each in DOORS[door].routes if each.paths[0] == VENDORS[door].create and each.method == "POST"]
    required = {each["name"] for each in route.parameters if each["in"] == "header" and each.get("required")}
    return {
        name.replace("TransactionId", "Transaction-Id"): value
        for name, value in VENDORS[door].headers("generated-1").items()
        if name in required
    }


@pytest.mark.parametrize("door", MODELED)
class TestDatamodelCodeGenerator:
    async def test_the_models_accept_a_create_body_and_its_answer(
        self, world: World, document: Path, importable: Path, door: str
    ) -> None:
        module = importable / f"generated_models_{door}.py"
        models_generator.generate(
            document,
            input_file_type=models_generator.InputFileType.OpenAPI,
            output=module,
            output_model_type=models_generator.DataModelType.PydanticV2BaseModel,
            formatters=[],
        )
        models = importlib.import_module(module.stem)
        vendor = VENDORS[door]
        models.OrderCreate.model_validate(sample(door))
        headers = await world.bearer() | vendor.headers("models-1")
        created: httpx.Response = await world.http.post(vendor.create, json=sample(door), headers=headers)
        response = openapi.document(DOORS[door])["paths"][vendor.create]["post"]["responses"][str(vendor.ok)]
        schema = response["content"]["application/json"]["schema"]
        getattr(models, schema["$ref"].rpartition("/")[2]).model_validate(created.json())
