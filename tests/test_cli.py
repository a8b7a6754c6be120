"""The program itself, run as a newcomer runs it: real processes, a real file, real curls."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import typer

from crossdock import cli, demo
from crossdock.doors import all_doors
from crossdock.settings import Settings
from tests.server import ROOT, START_LIMIT_S, Server, free_port
from tests.vendors import VENDORS, bearer, sample

GIVE_UP_S = 30  # far more than anything here takes


def run(database: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `crossdock` with these arguments on a database."""
    return subprocess.run(
        [sys.executable, "-m", "crossdock", *arguments, "--database", database],
        cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=GIVE_UP_S, check=False,
    )  # fmt: skip


def done(database: str, *arguments: str) -> str:
    """Run a command that must succeed, and give what it printed."""
    answer = run(database, *arguments)
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout


def refused(answer: subprocess.CompletedProcess[str]) -> str:
    """Give the one line on standard error of a command that must fail."""
    assert (answer.returncode, answer.stdout) == (1, "")
    (line,) = answer.stderr.splitlines()
    assert line.startswith("crossdock: ")
    return line


def field(text: str, name: str) -> str:
    """Give what stands behind a name at the beginning of a line."""
    found = re.search(rf"^{re.escape(name)}\s+(\S+)", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def until(holds: Callable[[], bool]) -> None:
    """Come back when something holds; fail when it never does."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < GIVE_UP_S, "it never came to hold"
        time.sleep(0.02)


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """Give the URL of a database that is not there yet."""
    return f"sqlite:///{tmp_path}/new/crossdock.db"


@pytest.fixture
def file(sqlite_template: Path, tmp_path: Path) -> Path:
    """Give a migrated SQLite file with the demo organization in it."""
    return Path(shutil.copy(sqlite_template, tmp_path / "crossdock.db"))


@pytest.fixture
def filled(file: Path) -> str:
    """Give the URL of that file."""
    return f"sqlite:///{file}"


@pytest.fixture
def organization(filled: str) -> str:
    """Give the id of the demo organization."""
    return done(filled, "organization", "list").split()[0]


class TestMigrate:
    def test_makes_the_schema_and_may_be_repeated(self, empty: str) -> None:
        first = done(empty, "migrate")
        assert re.fullmatch(r"schema \S+\n", first)
        assert done(empty, "migrate") == first
        with sqlite3.connect(empty.removeprefix("sqlite:///")) as opened:
            assert opened.execute("SELECT count(*) FROM orders").fetchone() == (0,)


class TestOrganization:
    def test_is_added_listed_and_shown(self, empty: str) -> None:
        made = done(empty, "organization", "add", "Jane's shop")
        organization = field(made, "organization")
        assert re.search(r"^name +Jane's shop$", made, re.MULTILINE)
        assert re.fullmatch(rf"{organization}  \S+Z  Jane's shop\n", done(empty, "organization", "list"))
        assert done(empty, "organization", "show", organization) == made

    def test_gets_an_id_for_every_vendor(self, empty: str) -> None:
        made = done(empty, "organization", "add", "Shop")
        assert re.fullmatch(r"[0-9a-f]{24}", field(made, "fabric_account"))
        assert re.fullmatch(r"[0-9]{10}", field(made, "pb_fulfillment_client"))
        assert re.fullmatch(r"[0-9a-f-]{36}", field(made, "s2 id"))
        assert re.fullmatch(r"[0-9a-f-]{36}", field(made, "s2 account"))

    @pytest.mark.parametrize(
        "command",
        [
            ("organization", "show", "7"),
            ("client", "add", "7", "x"),
            ("user", "add", "7", "x@y.z"),
            ("account", "set", "7", "x", "--no-auto-assign"),
        ],
    )
    def test_that_is_not_there_is_named(self, empty: str, command: tuple[str, ...]) -> None:
        assert refused(run(empty, *command)) == "crossdock: there is no organization 7"


class TestClient:
    def test_gets_a_secret_that_works_until_it_is_revoked(
        self, filled: str, organization: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added = done(filled, "client", "add", organization, "My ERP")
        client, secret = field(added, "client id"), field(added, "secret")
        listed = done(filled, "client", "list", organization)
        assert f"{client}  active  orders:read orders:write  My ERP\n" in listed
        assert secret not in listed + done(filled, "organization", "show", organization)
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            answer = httpx.post(f"{server.base}/hub/v1/token", auth=(client, secret))
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            made = httpx.post(f"{server.base}/hub/v1/orders", json=sample("hub"), headers=headers)
            assert made.status_code == 201
            assert done(filled, "client", "revoke", organization, client) == f"revoked {client}\n"
            assert httpx.get(f"{server.base}/hub/v1/orders", headers=headers).status_code == 401
            assert httpx.post(f"{server.base}/hub/v1/token", auth=(client, secret)).status_code == 401
        assert f"{client}  revoked " in done(filled, "client", "list", organization)
        assert "(revoked)" in done(filled, "organization", "show", organization)
        assert client in refused(run(filled, "client", "revoke", organization, client))

    def test_has_only_the_scopes_it_was_given(self, filled: str, organization: str) -> None:
        done(filled, "client", "add", organization, "Reader", "--scopes", "orders:read")
        assert "active  orders:read  Reader" in done(filled, "client", "list", organization)

    @pytest.mark.parametrize("scopes", ["", "orders:read root"])
    def test_of_unknown_scopes_is_refused(self, filled: str, organization: str, scopes: str) -> None:
        line = refused(run(filled, "client", "add", organization, "x", "--scopes", scopes))
        assert "orders:read, orders:write, admin" in line


class TestUser:
    def test_signs_in_with_the_password_that_was_made(
        self, filled: str, organization: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        added = done(filled, "user", "add", organization, "Me@Example.com", "--name", "Me")
        sign_in = {"email": "me@example.com", "password": field(added, "password")}
        monkeypatch.setenv("CROSSDOCK_REVOCATION_DELAY_S", "0")
        with Server(filled, demo=False) as server:
            answer = httpx.post(f"{server.base}/login", json=sign_in, timeout=GIVE_UP_S)
            assert answer.status_code == 200
            headers = {"Authorization": f"Bearer {answer.json()['accessToken']}"}
            assert httpx.get(f"{server.base}/account", headers=headers).status_code == 200
            assert done(filled, "user", "revoke", "me@example.com") == "revoked the tokens of me@example.com\n"
            assert httpx.get(f"{server.base}/account", headers=headers).status_code == 401

    def test_with_a_password_of_their_own_is_not_shown_one(self, filled: str, organization: str) -> None:
        added = done(filled, "user", "add", organization, "a@example.com", "--password", "correct horse")
        assert added == "user      a@example.com\n"

    def test_is_not_added_twice_and_not_revoked_unknown(self, filled: str, organization: str) -> None:
        assert demo.USER in refused(run(filled, "user", "add", organization, demo.USER))
        assert "nobody@example.com" in refused(run(filled, "user", "revoke", "nobody@example.com"))


class TestAccount:
    def test_assigns_new_orders_of_a_running_server_until_told_not_to(self, filled: str, organization: str) -> None:
        account = field(done(filled, "organization", "show", organization), "s2 account")
        with Server(filled) as server:
            headers = bearer(server.base)

            def assigned(number: str) -> tuple[str, str | None]:
                body = VENDORS["s2"].body(number)
                order = httpx.post(f"{server.base}/order", json=body, headers=headers, timeout=GIVE_UP_S).json()
                return order["assignStatus"], order["account"]["autoAssignOrdersToWarehouse"]

            assert assigned("A-1") == ("PENDING", None)
            told = done(filled, "account", "set", organization, account.upper(), "--auto-assign", "Nürnberg 1")
            assert told == f"{account}  new orders are assigned to Nürnberg 1\n"
            assert "(assigns to Nürnberg 1)" in done(filled, "organization", "show", organization)
            assert assigned("A-2") == ("ASSIGNED", "Nürnberg 1")
            assert assigned("A-1") == ("PENDING", None)  # a repeat gets its first answer
            told = done(filled, "account", "set", organization, account, "--no-auto-assign")
            assert told == f"{account}  new orders are assigned to no warehouse\n"
            assert "assigns" not in done(filled, "organization", "show", organization)
            assert assigned("A-3") == ("PENDING", None)

    @pytest.mark.parametrize("said", [(), ("--auto-assign", "W", "--no-auto-assign"), ("--auto-assign", " ")])
    def test_is_told_one_thing_at_a_time(self, filled: str, organization: str, said: tuple[str, ...]) -> None:
        account = field(done(filled, "organization", "show", organization), "s2 account")
        assert "--no-auto-assign" in refused(run(filled, "account", "set", organization, account, *said))

    def test_that_is_not_the_organizations_is_named(self, filled: str, organization: str) -> None:
        account = field(done(filled, "organization", "add", "Other"), "s2 account")
        for key in (account, "nonsense"):
            line = refused(run(filled, "account", "set", organization, key, "--auto-assign", "W"))
            assert line == f"crossdock: there is no account {key} in organization {organization}"


class TestVerify:
    def test_finds_a_changed_event(self, file: Path, filled: str) -> None:
        with Server(filled) as server:
            headers = bearer(server.base)
            for number in range(3):
                body = VENDORS["hub"].body(f"V-{number}")
                assert httpx.post(f"{server.base}/hub/v1/orders", json=body, headers=headers).status_code == 201
        assert done(filled, "verify") == "3 orders, 3 events, 0 faults\n"
        with sqlite3.connect(file) as opened:
            (order_id,) = opened.execute("SELECT order_id FROM event ORDER BY order_id LIMIT 1").fetchone()
            opened.execute("UPDATE event SET actor = 'mallory' WHERE order_id = ?", (order_id,))
        opened.close()
        found = run(filled, "verify")
        assert (found.returncode, found.stdout) == (1, "3 orders, 3 events, 1 faults\n")
        (line,) = found.stderr.splitlines()
        assert line.startswith(f"order {order_id} of organization ")


class TestDatabase:
    @pytest.mark.parametrize(
        ("url", "command"),
        [
            ("mysql://root:hunter2@host/db", ("migrate",)),
            ("root:hunter2@host/db", ("organization", "list")),
            ("postgresql://crossdock:hunter2@127.0.0.1:{port}/db", ("verify",)),
            ("postgresql://crossdock:hunter2@127.0.0.1:notaport/db", ("migrate",)),
        ],
    )
    def test_that_cannot_be_used_is_one_line_without_a_password(self, url: str, command: tuple[str, ...]) -> None:
        assert "hunter2" not in refused(run(url.format(port=free_port()), *command))

    @pytest.mark.parametrize(
        ("place", "reason"),
        [
            ("folder", "unable to open database file"),
            ("text", "file is not a database"),
            ("text/below.db", "File exists"),
        ],
    )
    def test_that_is_no_database_file_is_one_line(self, tmp_path: Path, place: str, reason: str) -> None:
        (tmp_path / "folder").mkdir()
        (tmp_path / "text").write_text("no database " * 100)
        line = refused(run(f"sqlite:///{tmp_path}/{place}", "migrate"))
        assert line.startswith("crossdock: the database file cannot be used: ")
        assert reason in line
        assert (tmp_path / "text").read_text() == "no database " * 100

    def test_is_taken_from_the_environment(self, empty: str) -> None:
        made = subprocess.run(
            [sys.executable, "-m", "crossdock", "migrate"],
            cwd=ROOT, env=os.environ | {"CROSSDOCK_DATABASE": empty}, capture_output=True, timeout=GIVE_UP_S, check=True,
        )  # fmt: skip
        assert made.stdout.startswith(b"schema ")
        assert Path(empty.removeprefix("sqlite:///")).exists()

    def test_variable_that_is_no_setting_value_is_named(self, empty: str) -> None:
        line = refused(run(empty, "migrate", CROSSDOCK_PORT="many"))
        assert line.startswith("crossdock: CROSSDOCK_PORT: ")


def curls(text: str) -> list[str]:
    """Give the commands among what the server printed."""
    return [line for line in text.splitlines() if line.startswith("curl ")]


class TestServe:
    @pytest.mark.parametrize("host", ["0.0.0.0", "example.com"])
    def test_refuses_the_demo_to_the_world(self, empty: str, host: str) -> None:
        line = refused(run(empty, "serve", "--demo", "--host", host))
        assert host in line
        assert not Path(empty.removeprefix("sqlite:///")).exists()

    def test_of_a_demo_prints_a_curl_for_each_door_that_works(self, empty: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(empty, log=log) as server:
            until(lambda: len(curls(log.read_text())) == len(VENDORS))
            printed = log.read_text()
            assert [door.title for door in all_doors() if f"# {door.title}\n" not in printed] == []
            answers = [pasted(command) for command in curls(printed)]
            assert [
                answer for answer in answers if "DEMO-1" not in json.dumps(answer) and "orderId" not in answer
            ] == []
            headers = bearer(server.base)
            for door in VENDORS:
                page = httpx.get(f"{server.base}/hub/v1/orders?door={door}", headers=headers).json()
                assert [order["number"] for order in page["items"]] == ["DEMO-1"], door

    def test_sums_its_workers_in_the_metrics(self, filled: str) -> None:
        with Server(filled, "--workers", "2") as server:
            sent = 0
            while len(counted_by(server)) < 2:
                assert sent < 5_000, "one worker got every request"
                for _ in range(20):  # each over a connection of its own, which either worker may take
                    assert httpx.get(f"{server.base}/hub/v1/orders").status_code == 401
                    sent += 1
            expected = f'operation="listOrders",outcome="no_token",status="401"}} {float(sent)}'
            until(lambda: expected in httpx.get(f"{server.base}/metrics").text)

    def test_takes_every_option_from_the_environment(self, empty: str, tmp_path: Path) -> None:
        port = free_port()
        given = {
            "HOST": "127.0.0.1", "PORT": str(port), "DATABASE": empty, "WORKERS": "1", "DEMO": "true", "LOG_LEVEL": "error",
        }  # fmt: skip
        assert {f"CROSSDOCK_{name}" for name in given} == {f"CROSSDOCK_{name.upper()}" for name in options("serve")}
        out, err = (tmp_path / "out").open("wb"), (tmp_path / "err").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "crossdock", "serve"], cwd=ROOT, start_new_session=True,
            env=os.environ | {f"CROSSDOCK_{name}": value for name, value in given.items()},
            stdout=out, stderr=err,
        )  # fmt: skip
        try:
            until(lambda: is_ready(port))
            assert len(bearer(f"http://127.0.0.1:{port}")["Authorization"]) > 20
            assert len(curls((tmp_path / "out").read_text())) == len(VENDORS)
            assert (tmp_path / "err").read_text() == ""
        finally:
            process.terminate()
            process.wait(GIVE_UP_S)
            out.close()
            err.close()
        assert Path(empty.removeprefix("sqlite:///")).exists()

    def test_takes_an_option_before_the_environment(self, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CROSSDOCK_PORT", "1")
        monkeypatch.setenv("CROSSDOCK_DATABASE", "sqlite:////nowhere/at/all")
        with Server(filled) as server:
            assert httpx.get(f"{server.base}/health/ready").status_code == 200

    def test_has_no_option_that_is_no_setting(self) -> None:
        assert options("serve") <= set(Settings.__struct_fields__)

    def test_logs_one_json_object_a_line(self, filled: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(filled, demo=False, log=log) as server:
            httpx.get(f"{server.base}/hub/v1/orders")
        (line,) = [json.loads(each) for each in log.read_text().splitlines()]
        assert (line["operation"], line["outcome"]) == ("listOrders", "no_token")


def options(command: str) -> set[str]:
    """Give the names of a command's options."""
    program = typer.main.get_command(cli.app)
    return {str(each.name) for each in program.commands[command].params}  # type: ignore[attr-defined]


def pasted(command: str) -> dict[str, Any]:
    """Run a command as a newcomer's shell does, and give the JSON object it printed."""
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=GIVE_UP_S, check=True)
    answer = json.loads(ran.stdout)
    assert isinstance(answer, dict), answer
    return answer


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=START_LIMIT_S).status_code == 200
    except httpx.TransportError:
        return False


def counted_by(server: Server) -> set[str]:
    """Give the processes of a server that have counted requests, by the files they share their counts in."""
    folders: Iterator[str | None] = (
        each.environ().get("PROMETHEUS_MULTIPROC_DIR") for each in psutil.Process(server.process.pid).children()
    )
    return {path.name for folder in folders if folder for path in Path(folder).glob("counter_*.db")}
