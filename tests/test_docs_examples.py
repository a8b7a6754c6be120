"""Every `sh` block of the documentation runs as it is printed, against a real demo server, in each shell that is installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crossdock.doors import all_doors
from crossdock.notifications.webhook.signing import Scheme, make_secret
from tests.preloaded import command_of_shells
from tests.server import ROOT, Server, free_port
from tests.shells import LIMIT_S, run_in_every_shell
from tests.test_docs import PAGES, name_of
from tests.vendors import bearer

Tree = Any
# What a page's examples assume: the blocks of other pages that a reader has run before.
FIRST_CALLS = ("docs/doors/hub.md#First calls",)
AFTER_AN_ORDER = (*FIRST_CALLS, "docs/doors/hub/orders.md")
BEFORE: dict[str, tuple[str, ...]] = {
    "README.md": (),
    "docs/allocation.md": (*FIRST_CALLS, "docs/stock.md"),
    "docs/doors/fabric.md": (),
    "docs/doors/hub.md": (),
    "docs/doors/hub/endpoints.md": FIRST_CALLS,
    "docs/doors/hub/orders.md": FIRST_CALLS,
    "docs/doors/hub/search.md": AFTER_AN_ORDER,
    "docs/doors/hub/submissions.md": FIRST_CALLS,
    "docs/email.md": AFTER_AN_ORDER,
    "docs/events.md": AFTER_AN_ORDER,
    "docs/fulfillment.md": (*FIRST_CALLS, "docs/stock.md"),
    "docs/getting-started.md": (),
    "docs/returns.md": FIRST_CALLS,
    "docs/inbound.md": (*FIRST_CALLS, "docs/stock.md"),
    "docs/stock.md": FIRST_CALLS,
}
# Waits until the order's e-mail is stored, which the worker does a moment after the order.
UNTIL_MAILED = 'until curl -s "$B/mails" -H "$A" | grep -q recipient; do sleep 0.1; done\n'
# Errors that a page shows on purpose.
SHOWN_ERRORS = {"docs/doors/hub/submissions.md": {(422, "POST", "/hub/v1/orders")}}
BORDER = "=====end of block====="


def programs() -> dict[str, str]:
    """Return the commands, in sh, that stand for the programs of the examples; curl reports the status of each call."""
    status = "-w '%{stderr}%{http_code} %{method} %{url_effective}\\n'"
    return {"curl": f'{shutil.which("curl")} "$@" {status}', "crossdock": f'{command_of_shells()} "$@"'}


def blocks(text: str) -> list[str]:
    """Return the `sh` blocks of a page."""
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def blocks_of(reference: str) -> list[str]:
    """Return the `sh` blocks of a page, or of one of its sections (`page#heading`)."""
    name, _, heading = reference.partition("#")
    text = (ROOT / name).read_text()
    if heading:
        (text,) = [section for section in text.split("\n## ") if section.startswith(f"{heading}\n")]
    return blocks(text)


EXAMPLES = {name_of(path): found for path in PAGES if (found := blocks(path.read_text()))}


# -------------------------------------------------------------------------------------------------------------- quoting
def unquoted(script: str) -> str:
    """Return the characters of a script outside quotes, with a blank for each quoted part and parameter.

    A command substitution is unquoted again, also inside double quotes.
    """
    kept, contexts, place = "", [""], 0
    while place < len(script):
        char, quote = script[place], contexts[-1]
        if quote != "'" and script.startswith("$(", place):
            contexts.append("")
            place += 2
            continue
        if quote == "'":
            if char == "'":
                contexts.pop()
        elif char == "\\":
            place += 1
        elif char == '"':
            contexts.pop() if quote == '"' else contexts.append('"')
            kept += " " if quote != '"' else ""
        elif quote == '"':
            pass
        elif char == "'":
            contexts.append("'")
            kept += " "
        elif char == ")" and len(contexts) > 1:
            contexts.pop()
        elif char == "$":
            place += 1  # `$?`, `$!` and the like are parameters, not patterns
            kept += " "
        else:
            kept += char
        place += 1
    return kept


class TestQuoting:
    @pytest.mark.parametrize("name", EXAMPLES)
    def test_an_example_has_no_unquoted_pattern(self, name: str) -> None:
        """zsh, the default shell of macOS, refuses a command with a pattern that matches no file."""
        assert [block for block in EXAMPLES[name] if re.search(r"[?*\[\]]|(?<=\s)[~=]", unquoted(block))] == []

    @pytest.mark.parametrize("name", EXAMPLES)
    def test_an_example_has_no_comment(self, name: str) -> None:
        """zsh, when it is used interactively, takes a comment for arguments."""
        assert [block for block in EXAMPLES[name] if "#" in unquoted(block)] == []

    @pytest.mark.parametrize(
        ("script", "expected"),
        [
            ("curl http://a/b?c=d", True),
            ('curl "http://a/b?c=d"', False),
            ("curl 'http://a/b?c=d' -d '[1]'", False),
            ('echo "$(curl a?b)"', True),
            ("echo \"$(sed 's/a*/b/')\"", False),
            ("echo $? $!", False),
        ],
    )
    def test_the_check_finds_unquoted_patterns_only(self, script: str, expected: bool) -> None:
        assert bool(re.search(r"[?*\[\]]", unquoted(script))) is expected


# -------------------------------------------------------------------------------------------------------------- running
@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Run a demo server."""
    with Server(f"sqlite:///{tmp_path}/crossdock.db") as started:
        yield started


def faults(name: str, err: list[str]) -> list[str]:
    """Return the lines of standard error that are neither a good status nor an error that the page shows."""
    found = []
    for line in err:
        if "Terminated" in line or line.startswith("database: "):
            continue  # bash reports what the script ended, and each command its database
        status = re.fullmatch(r"(\d{3}) ([A-Z]+) https?://[^/]+([^?]*).*", line)
        call = (int(status[1]), status[2], status[3]) if status else (500, "", "")
        if call[0] >= 400 and call not in SHOWN_ERRORS.get(name, set()):
            found.append(line)
    return found


def script_of(name: str, server: Server, port: int) -> str:
    """Return the examples of a page, after what they assume, with the ports of this test."""
    parts = [block for reference in BEFORE[name] for block in blocks_of(reference)]
    if name == "docs/email.md":
        parts.append(UNTIL_MAILED)
    parts += [f"{block}\nprintf '\\n{BORDER}\\n'\n" for block in EXAMPLES[name]]
    return "\n".join(parts).replace("127.0.0.1:8000", f"127.0.0.1:{server.port}").replace("9000", str(port))


class TestExamples:
    def test_every_page_with_examples_is_run(self) -> None:
        assert set(EXAMPLES) == set(BEFORE)

    @pytest.mark.parametrize("name", BEFORE)
    def test_the_examples_of_a_page_succeed_in_each_shell(self, server: Server, tmp_path: Path, name: str) -> None:
        ran = run_in_every_shell(script_of(name, server, free_port()), tmp_path / "shells", programs())
        assert faults(name, ran.errors) == []
        assert ran.code == 0
        assert ran.printed.count(BORDER) == len(EXAMPLES[name])
        if name == "README.md":
            check_readme(ran.printed)


# --------------------------------------------------------------------------------------------------------------- answers
VARYING = {"id", "orderId", "transactionCreateDate"}


def shows(shown: Tree, real: Tree, key: str = "") -> bool:
    """Whether a shortened document is a part of a real one; ids and times may differ in value."""
    if isinstance(shown, dict):
        return isinstance(real, dict) and all(name in real and shows(shown[name], real[name], name) for name in shown)
    if isinstance(shown, list):
        return isinstance(real, list) and all(any(shows(each, other) for other in real) for each in shown)
    return isinstance(real, type(shown)) and (shown == real or key in VARYING)


def check_readme(out: str) -> None:
    """Compare the answers that README shows with the real ones."""
    text = (ROOT / "README.md").read_text()
    printed = out.split(BORDER)
    created, converted = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL))
    assert shows(created, json.loads(printed[0]))
    assert shows(converted, json.loads(printed[1]))
    assert "received order.released open\n" in out
    assert "We have received your order README-1" in printed[-3]
    assert "Store the secret now" in printed[-2]


class TestReadme:
    def test_the_order_of_the_readme_is_the_one_that_the_server_prints(self) -> None:
        """But for its number, so that the two can be pasted one after the other."""
        (door,) = [each for each in all_doors() if each.name == "pb_oms"]
        assert door.demo_curl is not None
        printed, block = door.demo_curl("$B"), blocks((ROOT / "README.md").read_text())[0]
        printed_body, body = (re.findall(r"-d '(\{.*\})'", text, re.DOTALL)[0] for text in (printed, block))
        assert json.loads(body) == json.loads(printed_body) | {"orderNumber": "README-1"}
        assert set(re.findall(r"\$B(/\S+)", printed)) == set(re.findall(r"\$B(/\S+)", block))


# -------------------------------------------------------------------------------------------------------------- receiver
class TestReceiver:
    def test_the_documented_receiver_accepts_the_test_message_and_then_an_event(self, server: Server) -> None:
        (program,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/webhooks.md").read_text(), re.DOTALL)
        secret, port, headers = make_secret(Scheme.HMAC), free_port(), bearer(server.base)
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            env=os.environ | {"WEBHOOK_SECRET": secret, "PORT": str(port)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with httpx.Client(base_url=f"{server.base}/hub/v1", headers=headers, trust_env=False) as http:
            try:
                until_open(port)
                body = {"url": f"http://127.0.0.1:{port}", "secret": secret}
                endpoint = http.post("/endpoints", json=body).json()["id"]
                http.post(f"/endpoints/{endpoint}/test").raise_for_status()
                until_delivered(http, endpoint, 1)
                order = {"number": "R-1", "lines": [{"sku": "A", "quantity": 1}]}
                http.post("/orders", json=order).raise_for_status()
                until_delivered(http, endpoint, 2)
            finally:
                process.kill()
                printed, _ = process.communicate()
        (line,) = printed.splitlines()  # nothing for the test message
        assert line.split()[1:] == ["1", "order.received", "open"]

    def test_the_documented_test_message_has_the_fields_of_a_real_one(self, server: Server) -> None:
        """Its schema is in the AsyncAPI document."""
        section = (ROOT / "docs/webhooks.md").read_text().split("### The test message\n")[1]
        (displayed,) = re.findall(r"```json\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
        schemas = httpx.get(f"{server.base}/asyncapi/hub.json", timeout=30).json()["components"]["schemas"]
        assert set(json.loads(displayed)) == set(schemas["webhook.endpoint.test"]["properties"])


def until_open(port: int) -> None:
    """Wait until something listens on a port."""
    with httpx.Client(trust_env=False) as http:
        for _ in range(LIMIT_S * 20):
            try:
                http.get(f"http://127.0.0.1:{port}")
            except httpx.ConnectError:
                time.sleep(0.05)
            else:
                return
    raise AssertionError("nothing listens on the port")


def until_delivered(http: httpx.Client, endpoint: str, count: int) -> None:
    """Wait until an endpoint has so many deliveries that its receiver accepted."""
    items: list[Tree] = []
    for _ in range(LIMIT_S * 20):
        items = http.get(f"/endpoints/{endpoint}/deliveries").json()["items"]
        if [each["state"] for each in items] == ["delivered"] * count:
            return
        time.sleep(0.05)
    raise AssertionError(items)
