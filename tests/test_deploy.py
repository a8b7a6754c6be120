"""The files below deploy/: what they query, set and link to is there."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from crossdock import cli
from crossdock.core.errors import Code
from crossdock.settings import SECRETS, Settings, file_variable_of, load
from tests.flows.allocating import add_locations, count, order
from tests.notifications.receiver import Receiver
from tests.notifications.world import ALLOWED, caller_of, endpoint, wait_until_ended, working
from tests.test_docs import ROOT, anchors, page
from tests.world import World

DEPLOY = ROOT / "deploy"
POSTGRESQL_ONLY = {"crossdock_database_connections", "crossdock_database_connections_max"}
# Labels that Prometheus adds, and that of a histogram's buckets.
ADDED = {"instance", "job", "le"}


# ---------------------------------------------------------------------------------------------------------------- metrics
def documented() -> dict[str, set[str]]:
    """Return the labels of each metric that docs/operation.md lists."""
    rows = re.findall(r"^\| `(crossdock_\w+)` \|([^|]*)\| [^|]+ \|$", page("operation.md"), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def exposed(text: str) -> dict[str, set[str]]:
    """Return the labels of each sample of this program, such as crossdock_request_seconds_bucket."""
    return {
        sample.name: {*sample.labels}
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("crossdock_") and not sample.name.endswith("_created")
    }


def dashboard() -> Any:
    return json.loads((DEPLOY / "grafana/crossdock.json").read_text())


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def queries() -> Iterator[tuple[str, str]]:
    """Yield every query of the dashboard and the alerts, with the text in which its result's labels are named."""
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]
    for alert in alerts():
        yield alert["expr"], alert["annotations"]["summary"]


# A metric with its selector, the labels of `by (…)`, and the labels that a legend or summary names.
METRIC = re.compile(r"\b(crossdock_\w+)(?:\{([^}]*)\})?")
GROUPING = re.compile(r"\bby \(([^)]*)\)")
NAMED = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")
MATCHER = re.compile(r'(\w+)(?:=~|=)"([^"]*)"')


async def live(world: World) -> str:
    """Create orders that are allocated, delivered and mailed; return the metrics after that."""
    caller = await caller_of(world)
    await add_locations(world, caller, "W1")
    await count(world, caller, "MUG", "W1", 1)
    async with Receiver() as receiver:
        made = await endpoint(world, receiver)
        async with working(world.context):
            await order(world, caller, "A-1", ("MUG", 1), customer={"email": "jane@example.com"})
            await wait_until_ended(world, made, 1)

    async def nothing() -> None:
        pass

    await world.context.background.keep_running("worker", nothing)
    return (await world.http.get("/metrics")).text


@pytest.mark.parametrize("context", [ALLOWED], indirect=True)
async def test_every_metric_is_documented_and_every_query_finds_its_metric_and_labels(
    world: World, engine: str
) -> None:
    samples = exposed(await live(world))
    missing = POSTGRESQL_ONLY if engine == "sqlite" else set()
    families = {re.sub("_(bucket|sum|count)$", "", name): labels - {"le"} for name, labels in samples.items()}
    assert families == {name: labels for name, labels in documented().items() if name not in missing}
    for query, legend in queries():
        used = METRIC.findall(query)
        assert used or query.startswith("up{"), query
        names = {name for name, _ in used} - missing
        assert names <= samples.keys(), query
        if not names:
            continue
        labels = set().union(*(samples[name] for name in names)) | ADDED
        selected = [match for _, selector in used for match in MATCHER.findall(selector)]
        grouped = {each.strip() for by in GROUPING.findall(query) for each in by.split(",")}
        assert {name for name, _ in selected} | grouped | {*NAMED.findall(legend)} <= labels, query


def test_a_query_for_an_outcome_names_one_that_the_documentation_has() -> None:
    rows = "\n".join(line for line in page("operation.md").splitlines() if "_total` |" in line)
    known = {*map(str, Code), *re.findall(r"`(\w+)`", rows)}
    for query, _ in queries():
        values = [value for name, value in MATCHER.findall(query) if name == "outcome"]
        assert {each for value in values for each in value.split("|")} <= known, query


def test_every_alert_names_its_entry_of_the_runbook() -> None:
    found = alerts()
    assert len({each["alert"] for each in found}) == len(found)
    for each in found:
        name, _, anchor = each["annotations"]["runbook"].partition("#")
        assert anchor in anchors(ROOT / name), each["alert"]
        assert f"`{each['alert']}`" in (ROOT / name).read_text(), each["alert"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_the_alerts_fire_when_they_should_and_not_before() -> None:
    command = ["promtool", "test", "rules", "alerts_test.yml"]
    tested = subprocess.run(command, cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_upgrade_page_says_of_every_migration_whether_the_old_version_may_serve() -> None:
    versions = {path.name[:4] for path in (ROOT / "crossdock/store/migrations/versions").glob("[0-9]*.py")}
    listed = re.findall(r"^\| `(\d{4})` \|", page("upgrade.md"), re.MULTILINE)
    assert sorted(listed) == sorted(versions)


# What others say: SQLite, PostgreSQL, the system.
FOREIGN = {
    "database is locked", "database or disk is full", "No space left on device", "attempt to write a readonly database",
    "too many clients already", "remaining connection slots are reserved",
}  # fmt: skip


def test_the_runbook_quotes_messages_that_the_program_prints() -> None:
    sources = "".join(re.sub(r"\{[^{}\"]*\}", "0", path.read_text()) for path in (ROOT / "crossdock").rglob("*.py"))
    sources = re.sub(r'"\s*\n?\s*f?"', "", sources)  # texts that are divided between lines
    quoted = re.findall(r"`([a-z][a-z']* [^`{]*)`", page("runbook.md"))
    commands = ("crossdock ", "systemctl ", "chown ", "docker ", "curl ", "pip ", "ls ", "iostat ", "journalctl ")
    printed = [
        re.sub(r"\b\d+\b", "0", text) for text in quoted if not text.startswith(commands) and text not in FOREIGN
    ]
    assert len(printed) > 30
    sources = re.sub(r"\b\d+\b", "0", sources)
    assert [text for text in printed if text not in sources] == []


def test_the_panels_of_the_dashboard_do_not_overlap_and_have_ids_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        columns, lines = (range(place[at], place[at] + place[size]) for at, size in (("x", "w"), ("y", "h")))
        cells = set(product(columns, lines))
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, panel["title"]
        taken |= cells


# ------------------------------------------------------------------------------------------------------- how it is deployed
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file() and "secrets" not in path.parts)
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PORT, WORK_PORT = str(Settings().port), "8001"
CONTAINERFILE = DEPLOY / "container/Containerfile"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


def unit(path: Path) -> ConfigParser:
    """Read a unit; of a key that occurs several times, the last value."""
    parser = ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_names_only_settings_and_documents_that_there_are(path: Path) -> None:
    text = path.read_text()
    known = {f"CROSSDOCK_{name.upper()}" for name in Settings.__struct_fields__} | {*map(file_variable_of, SECRETS)}
    assert set(re.findall(r"\bCROSSDOCK_[A-Z_]+[A-Z]", text)) <= known
    assert [name for name in re.findall(r"\b(?:docs|deploy)/[\w/.-]+\w", text) if not (ROOT / name).exists()] in (
        [],
        ["deploy/secrets"],  # made by whoever installs
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_named_by_a_page(path: Path) -> None:
    pages = "\n".join(each.read_text() for each in (ROOT / "docs").glob("*.md"))
    assert path.relative_to(ROOT).as_posix() in pages


def test_the_settings_of_the_unit_files_are_valid() -> None:
    lines = [line for line in (DEPLOY / "systemd/crossdock.env").read_text().splitlines() if not line.startswith("#")]
    settings = load(dict(line.split("=", 1) for line in lines))
    assert str(settings.port) == PORT
    assert settings.database == "sqlite:////var/lib/crossdock/crossdock.db"


def test_the_image_runs_as_a_user_of_its_own_and_checks_the_port_that_it_serves() -> None:
    text = CONTAINERFILE.read_text()
    set_by_image = dict(re.findall(r"\b(CROSSDOCK_\w+)=(\S+)", text))
    assert load(set_by_image).database == "sqlite:////data/crossdock.db"
    assert set_by_image["CROSSDOCK_PORT"] == PORT
    assert f"EXPOSE {PORT}\n" in text
    assert f"127.0.0.1:{PORT}/health/ready" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert "--uid 10001" in text
    assert re.findall(r"^VOLUME (.*)$", text, re.MULTILINE) == ["/data"]
    copied = {name for names in re.findall(r"^COPY ([^-].*) \S+$", text, re.MULTILINE) for name in names.split()}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_images_have_short_names_without_the_host_of_a_registry() -> None:
    images = re.findall(r"^FROM (\S+)", CONTAINERFILE.read_text(), re.MULTILINE)
    images += [service["image"] for service in compose()["services"].values()]
    assert [name for name in images if not re.fullmatch(r"[a-z]+(:[\w.${}-]+)?", name)] == []


def test_the_services_of_the_compose_file_fit_together() -> None:
    found = compose()
    services, secrets = found["services"], found["secrets"]
    assert {*services} == {"database", "migrate", "server", "worker"}
    for service in services.values():
        assert {*service.get("secrets", ())} <= {*secrets}
        assert {*service.get("depends_on", ())} <= {*services}
    for name in ("migrate", "server", "worker"):
        environment = services[name]["environment"]
        files = {variable: path for variable, path in environment.items() if variable.endswith("_FILE")}
        assert {path.removeprefix("/run/secrets/") for path in files.values()} == {*services[name]["secrets"]}
        load({key: value for key, value in environment.items() if key not in files and not value.startswith("$")})
        assert (services[name]["read_only"], services[name]["cap_drop"]) == (True, ["ALL"])
    assert services["server"]["ports"] == [f"127.0.0.1:{PORT}:{PORT}"]
    assert services["server"]["environment"]["CROSSDOCK_WORKER"] == "false"
    assert services["worker"]["environment"]["CROSSDOCK_WORK_PORT"] == WORK_PORT
    assert f"127.0.0.1:{WORK_PORT}/health/ready" in services["worker"]["healthcheck"]["test"][-1]


def test_prometheus_and_the_proxies_call_the_ports_that_are_served() -> None:
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"][0]
    assert scraped["static_configs"][0]["targets"] == [f"server:{PORT}", f"worker:{WORK_PORT}"]
    assert f'job="{scraped["job_name"]}"' in (DEPLOY / "prometheus/alerts.yml").read_text()
    for name in ("nginx.conf", "Caddyfile"):
        text = (DEPLOY / "proxy" / name).read_text()
        assert f"127.0.0.1:{PORT}" in text
        assert re.search(r"/metrics\b.*\b404|/metrics \{\s+return 404", text)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_of_the_program_as_a_user_without_rights(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["ExecStart"].removeprefix("/opt/crossdock/bin/crossdock ").split()[0] in cli.program.commands
    assert (service["User"], service["CapabilityBoundingSet"], service["NoNewPrivileges"]) == ("crossdock", "", "yes")
    assert (service["ProtectSystem"], service["StateDirectory"], service["UMask"]) == ("strict", "crossdock", "0077")
    assert service["WorkingDirectory"] == "/var/lib/crossdock"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_finds_no_fault_in_the_units_and_little_that_they_could_do(tmp_path: Path) -> None:
    units = []
    for path in (*UNITS, DEPLOY / "systemd/crossdock-backup.timer"):
        # Where the program is not installed, systemd finds no file to execute.
        text = path.read_text().replace("/opt/crossdock/bin/crossdock", sys.executable)
        (tmp_path / path.name).write_text(text)
        units.append(str(tmp_path / path.name))
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    for path in UNITS:  # a threshold of 20 means an exposure of 2.0 on systemd's scale to 10
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", str(path)]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0, path.name
