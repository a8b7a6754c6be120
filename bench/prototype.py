"""The bare prototype that design decisions were measured against: Starlette, msgspec, sqlite3 inline, group commit.

No vendor's rules, no tokens, no keys, no kept bytes: an order, its lines and one event, one commit for all that wait. It
takes the body of the door it is compared with; BENCH_PROTOTYPE_MEMBERS names the four members it reads of it.
"""

import asyncio
import itertools
import os
import sqlite3
from types import GenericAlias
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crossdock.store import sqlite

_SCHEMA = """
CREATE TABLE o (id INTEGER PRIMARY KEY, number TEXT, body BLOB);
CREATE TABLE l (id INTEGER, n INTEGER, sku TEXT, quantity INTEGER, PRIMARY KEY (id, n)) WITHOUT ROWID;
CREATE TABLE e (id INTEGER PRIMARY KEY, name TEXT, body BLOB);
"""


def shape(number: str, items: str, sku: str, quantity: str) -> Any:
    """Make the type of a body as far as the prototype looks, with a door's words for number, items, SKU and quantity."""
    item = msgspec.defstruct("Item", [("sku", str), ("quantity", int)], rename={"sku": sku, "quantity": quantity})
    listed: Any = GenericAlias(list, (item,))
    return msgspec.defstruct("Body", [("number", str), ("items", listed)], rename={"number": number, "items": items})


class Prototype:
    """Orders in, one commit for all that wait."""

    def __init__(self, path: str, body: Any) -> None:
        self.connection: sqlite3.Connection = sqlite.connect(path)
        self.connection.executescript(_SCHEMA)
        self.decoder = msgspec.json.Decoder(body)
        self.ids = itertools.count(1)
        self.waiting: list[tuple[int, Any, bytes, asyncio.Future[None]]] = []

    async def create(self, request: Request) -> Response:
        """Take one order."""
        raw = await request.body()
        body = self.decoder.decode(raw)
        order_id = next(self.ids)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        if not self.waiting:
            loop.call_soon(self.commit)
        self.waiting.append((order_id, body, raw, future))
        await future
        return Response(msgspec.json.encode({"id": order_id, "number": body.number}))

    def commit(self) -> None:
        """Write all that wait."""
        batch, self.waiting = self.waiting, []
        run: Any = self.connection
        run.execute("BEGIN IMMEDIATE")
        run.executemany("INSERT INTO o VALUES (?,?,?)", [(i, b.number, raw) for i, b, raw, _ in batch])
        lines = [(i, n, x.sku, x.quantity) for i, b, _, _ in batch for n, x in enumerate(b.items)]
        run.executemany("INSERT INTO l VALUES (?,?,?,?)", lines)
        run.executemany("INSERT INTO e VALUES (?,?,?)", [(i, "received", raw) for i, _, raw, _ in batch])
        run.execute("COMMIT")
        for *_, future in batch:
            future.set_result(None)


def create() -> Starlette:
    """Make the application over the file that BENCH_PROTOTYPE names."""
    prototype = Prototype(os.environ["BENCH_PROTOTYPE"], shape(*os.environ["BENCH_PROTOTYPE_MEMBERS"].split()))
    return Starlette(routes=[Route("/{path:path}", prototype.create, methods=["POST"])])
