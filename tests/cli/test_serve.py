"""`crossdock serve`, run as a newcomer runs it: real processes, a real file, real curls."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest

from crossdock import __version__, cli
from crossdock.doors import all_doors
from crossdock.settings import Settings
from tests.cli.program import LIMIT_S, done, refused, run, until
from tests.server import ROOT, START_LIMIT_S, Server, free_port
from tests.vendors import VENDORS, bearer


def curls(text: str) -> list[str]:
    """Return the commands among what the server printed."""
    return [line for line in text.splitlines() if line.startswith("curl ")]


class TestServe:
    @pytest.mark.parametrize("host", ["0.0.0.0", "example.com"])
    def test_a_demo_is_refused_on_other_than_loopback_addresses(self, missing: str, host: str) -> None:
        line = refused(run(missing, "serve", "--demo", "--host", host))
        assert host in line
        assert not Path(missing.removeprefix("sqlite:///")).exists()

    def test_a_demo_prints_a_curl_for_each_door_that_works(self, missing: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(missing, log=log) as server:
            until(lambda: len(curls(log.read_text())) == len(VENDORS))
            printed = log.read_text()
            assert [door.title for door in all_doors() if f"# {door.title}\n" not in printed] == []
            assert [command for command in curls(printed) if not output(command).endswith("}\n")] == []
            answers = [pasted(command) for command in curls(printed)]  # again: the same answers
            assert [
                answer for answer in answers if "DEMO-1" not in json.dumps(answer) and "orderId" not in answer
            ] == []
            headers = bearer(server.base)
            for door in VENDORS:
                page = httpx.get(f"{server.base}/hub/v1/orders?door={door}", headers=headers).json()
                assert [order["number"] for order in page["items"]] == ["DEMO-1"], door

    def test_the_metrics_sum_over_all_server_processes(self, filled: str) -> None:
        with Server(filled, "--workers", "2") as server:
            sent = 0
            while len(counted_by(server)) < 2:
                assert sent < 5_000, "one worker got every request"
                for _ in range(20):  # each over a connection of its own, which either worker may take
                    assert httpx.get(f"{server.base}/hub/v1/orders").status_code == 401
                    sent += 1
            expected = f'operation="listOrders",outcome="no_token",status="401"}} {float(sent)}'
            until(lambda: expected in httpx.get(f"{server.base}/metrics").text)

    def test_every_option_of_serve_is_taken_from_the_environment(self, missing: str, tmp_path: Path) -> None:
        port = free_port()
        given = {
            "HOST": "127.0.0.1", "PORT": str(port), "DATABASE": missing, "WORKERS": "1", "DEMO": "true", "LOG_LEVEL": "error",
            "LOG_FORMAT": "json",
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
            process.wait(LIMIT_S)
            out.close()
            err.close()
        assert Path(missing.removeprefix("sqlite:///")).exists()

    def test_an_option_comes_before_the_environment(self, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CROSSDOCK_PORT", "1")
        monkeypatch.setenv("CROSSDOCK_DATABASE", "sqlite:////nowhere/at/all")
        with Server(filled) as server:
            assert httpx.get(f"{server.base}/health/ready").status_code == 200

    def test_every_option_of_serve_is_a_setting(self) -> None:
        assert options("serve") <= set(Settings.__struct_fields__)

    def test_a_request_is_logged_as_one_json_line(self, filled: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(filled, demo=False, log=log) as server:
            httpx.get(f"{server.base}/hub/v1/orders")
        first, warning, *lines = log.read_text().splitlines()
        assert first.startswith("Crossdock ")
        assert warning.startswith("warning: ")
        (line,) = map(json.loads, lines)
        assert (line["operation"], line["outcome"]) == ("listOrders", "no_token")

    def test_a_start_is_one_line_that_says_what_is_served(self, missing: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(missing, "--workers", "2", demo=False, log=log) as server:
            pass
        assert log.read_text().splitlines()[0] == (
            f"Crossdock {__version__} at {server.base} (console: /console), database {missing} (new), server processes: 2, "
            "delivery worker: on, mails: stored, not sent"
        )

    def test_several_workers_print_the_examples_once(self, missing: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(missing, "--workers", "2", log=log) as server:
            assert bearer(server.base)["Authorization"]
            assert len(curls(log.read_text())) == len(VENDORS)

    def test_the_credentials_of_the_demo_are_refused_without_demo(self, filled: str) -> None:
        with Server(filled) as server:
            headers = bearer(server.base)
        with Server(filled, demo=False) as server:
            assert httpx.post(f"{server.base}/hub/v1/token", auth=("demo", "demo-secret")).status_code == 401
            assert httpx.get(f"{server.base}/hub/v1/orders", headers=headers).status_code == 401
            login = {"email": "demo@example.com", "password": "demo-password"}
            assert httpx.post(f"{server.base}/login", json=login, timeout=LIMIT_S).status_code == 401

    def test_a_database_with_the_demo_organization_is_warned_about_unless_it_is_the_demos(
        self, filled: str, empty: str, tmp_path: Path
    ) -> None:
        line = "warning: the database has the organization Demo; its published credentials do not work without --demo."
        log = tmp_path / "out"
        for database, is_demo, is_warned in ((filled, False, True), (filled, True, False), (empty, False, False)):
            with Server(database, demo=is_demo, log=log):
                pass
            assert (line in log.read_text(), "(new)" in log.read_text()) == (is_warned, False)

    def test_a_demo_allows_receivers_on_this_machine_and_other_servers_name_the_setting(self, filled: str) -> None:
        endpoint = {"url": "http://127.0.0.1:9000", "types": ["order.*"]}
        with Server(filled) as server:
            made = httpx.post(f"{server.base}/hub/v1/endpoints", json=endpoint, headers=bearer(server.base))
            assert made.status_code == 201
        done(filled, "client", "add", "Demo", "x", "--id", "x", "--secret", "a long enough secret", "--scopes", "admin")
        with Server(filled, demo=False) as server:
            token = httpx.post(f"{server.base}/hub/v1/token", auth=("x", "a long enough secret")).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            refusal = httpx.post(f"{server.base}/hub/v1/endpoints", json=endpoint, headers=headers)
            assert refusal.status_code == 422
            assert "CROSSDOCK_WEBHOOK_PRIVATE_ALLOWED" in refusal.text

    def test_an_organization_of_the_same_name_stops_a_demo_in_one_line(self, empty: str) -> None:
        done(empty, "organization", "add", "Demo")
        line = refused(run(empty, "serve", "--demo", "--port", str(free_port())))
        assert "there is an organization with the name Demo" in line

    def test_a_mail_server_without_a_sender_is_warned_about(
        self, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CROSSDOCK_SMTP_HOST", "smtp.example.com")
        log = tmp_path / "out"
        with Server(filled, demo=False, log=log):
            pass
        start, _, warning = log.read_text().splitlines()[:3]
        assert start.endswith("mails: sent through smtp.example.com")
        assert warning.startswith("warning: CROSSDOCK_SMTP_HOST is set without CROSSDOCK_MAIL_SENDER: ")

    def test_a_database_file_that_others_can_read_is_warned_about(
        self, file: Path, filled: str, tmp_path: Path
    ) -> None:
        file.chmod(0o644)
        log = tmp_path / "out"
        with Server(filled, demo=False, log=log):
            pass
        assert f"warning: other users of this machine can read the orders and keys in {file}" in log.read_text()

    def test_the_lines_of_a_terminal_are_text(self, filled: str, tmp_path: Path) -> None:
        log = tmp_path / "out"
        with Server(filled, "--log-format", "text", demo=False, log=log) as server:
            httpx.get(f"{server.base}/hub/v1/orders")
        _, _, line = log.read_text().splitlines()
        assert re.match(r"\d\d:\d\d:\d\d\.\d{3} info +request ", line)
        assert " operation=listOrders status=401 outcome=no_token ms=" in line

    def test_a_postgresql_that_starts_later_is_waited_for(self, postgres_database: str, tmp_path: Path) -> None:
        """As in a compose file, where both start at once."""
        parts = urlsplit(postgres_database)
        folder = Path(parse_qs(parts.query)["host"][0])
        (socket_,) = [each for each in folder.iterdir() if each.name.startswith(".s.PGSQL.") and each.suffix != ".lock"]
        later = tmp_path / "later"
        later.mkdir()
        url = parts._replace(query=f"host={later}").geturl()
        log = tmp_path / "out"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "crossdock", "serve", "--database", url, "--port", str(port := free_port())],
                cwd=ROOT, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                until(lambda: b"waiting up to 30 s for the database" in log.read_bytes())
                assert process.poll() is None
                (later / socket_.name).symlink_to(socket_)
                until(lambda: is_ready(port))
            finally:
                process.terminate()
                process.wait(LIMIT_S)
        assert log.read_text().count("waiting up to") == 1

    def test_waiting_ends_with_one_line(self) -> None:
        answer = run(
            f"postgresql://me:hunter2@127.0.0.1:{free_port()}/db",
            "serve",
            "--port",
            str(free_port()),
            CROSSDOCK_DATABASE_WAIT_S="1",
        )  # fmt: skip
        waiting, line = answer.stderr.splitlines()
        assert (answer.returncode, answer.stdout) == (1, "")
        assert waiting.startswith("waiting up to 1 s for the database postgresql://me@127.0.0.1")
        assert "the database cannot be reached" in line

    @pytest.mark.parametrize("demo", [(), ("--demo",)])
    def test_a_taken_port_is_one_line_and_creates_nothing(self, missing: str, demo: tuple[str, ...]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            line = refused(run(missing, "serve", "--port", str(port), *demo))
        assert line.startswith(f"crossdock: port {port} is taken. Try CROSSDOCK_PORT=")
        assert not Path(missing.removeprefix("sqlite:///")).exists()

    @pytest.mark.parametrize("processes", ["1", "2"])
    def test_a_server_without_the_key_of_stored_secrets_ends_with_3(self, filled: str, processes: str) -> None:
        assert run(filled, "encrypt", CROSSDOCK_ENCRYPTION_KEY="k" * 32).returncode == 0
        answer = run(filled, "serve", "--port", str(free_port()), "--workers", processes)
        assert answer.returncode == 3
        assert "under a key that CROSSDOCK_ENCRYPTION_KEY does not have" in answer.stderr

    @pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
    def test_an_address_of_another_machine_is_one_line(self, missing: str, host: str) -> None:
        assert f"cannot listen on {host}, port " in refused(run(missing, "serve", "--host", host))

    def test_a_host_name_is_served_on_all_its_addresses(self, filled: str) -> None:
        with Server(filled, "--host", "localhost") as server:
            assert httpx.get(f"http://localhost:{server.port}/health/live").status_code == 200


def options(command: str) -> set[str]:
    """Return the names of a command's options."""
    return {str(each.name) for each in cli.program.commands[command].params}


def output(command: str) -> str:
    """Run a command as a newcomer's shell does, and return what it printed."""
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    return ran.stdout


def pasted(command: str) -> dict[str, Any]:
    """Run a command as a newcomer's shell does, and return the JSON object it printed."""
    answer = json.loads(output(command))
    assert isinstance(answer, dict), answer
    return answer


def is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=START_LIMIT_S).status_code == 200
    except httpx.TransportError:
        return False


def counted_by(server: Server) -> set[str]:
    """Return the processes of a server that have counted requests, by the files they share their counts in."""
    folders: Iterator[str | None] = (
        each.environ().get("PROMETHEUS_MULTIPROC_DIR") for each in psutil.Process(server.process.pid).children()
    )
    files = [path for folder in folders if folder for path in Path(folder).glob("counter_*.db")]
    return {path.name for path in files if b"listOrders" in path.read_bytes()}
