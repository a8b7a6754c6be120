"""Bulk uploads of stock: URLs for a file and for its errors, the file itself, and the log of uploads.

The URLs need no token, as at the vendor: each has a signed key for one upload and ends after 15 minutes. A file is imported
before the call is answered, in batches; each row changes its record or is an error of its own.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from crossdock.core.errors import Code, Conflict, Invalid, Refusal
from crossdock.core.ids import to_hex24
from crossdock.core.json.request_body import validate
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.stock.model import LevelKey
from crossdock.doors import Media, Reply, Request, Route, encode_json, json_reply
from crossdock.doors.fabric import examples_stock as examples
from crossdock.doors.fabric import mapping_stock as mapping
from crossdock.doors.fabric import wire_stock as wire
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, message_of, not_found
from crossdock.doors.fabric.responses import DOOR
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths, read_body
from crossdock.doors.fabric.routes.inventory import Identities
from crossdock.doors.fabric.routes.links import link_url
from crossdock.doors.fabric.routes.parameters import LIMIT, OFFSET, Query, pagination
from crossdock.doors.fabric.stock_csv import MAX_ROWS, StockFile, StockRow, error_file, read_file, width_fault
from crossdock.doors.fabric.stock_webhooks import BULK_REASON
from crossdock.flows import access, catalog, signed_links, stock_records
from crossdock.flows.catalog import CatalogEntry, Draft
from crossdock.flows.stock_records import RecordChange, StockRecord

Tree = Any
KIND, ERRORS_KIND = "fabric/upload", "fabric/upload_errors"
_UPLOAD, _DOWNLOAD = "fabric upload", "fabric upload errors"  # purposes of links
_BATCH = 100  # rows in one transaction; with SQLite, other requests wait for it (30 ms)
# A file is imported within one request. Where its process has ended meanwhile, nobody will say so but the reader of the log.
_ABANDONED_US = 15 * 60 * 1_000_000
INITIATED, PROCESSING, COMPLETED, SYSTEM_ERROR = "INITIATED", "PROCESSING", "COMPLETED", "SYSTEM_ERROR"


# ------------------------------------------------------------------------------------------------------------------ URLs
async def create_upload_url(request: Request) -> Reply:
    """Announce an upload: 200 with its key, and the URL to PUT the file to."""
    body = read_body(request, wire.FileBody)
    key_id = to_hex24(request.context.id_generator.new(request.context.clock()))
    document = {"fileName": body.fileName, "status": INITIATED, "rows": 0, "uploaded": 0, "errors": 0}
    draft = Draft(encode_json(document), name=body.fileName)
    await catalog.add(request.context, request.caller, kind=KIND, key=key_id, draft=draft)
    return json_reply(200, {"keyId": key_id, "url": _url(request, _UPLOAD, key_id)})


async def create_download_url(request: Request) -> Reply:
    """Return the URL of the errors of an upload: of the newest one with the file name, or of the one with this key."""
    body = read_body(request, wire.FileBody)
    found = [
        *await catalog.find(request.context, request.caller, kind=KIND, keys=[body.fileName], by="name"),
        *await catalog.find(request.context, request.caller, kind=KIND, keys=[body.fileName]),
    ]
    if not found:
        raise not_found("upload")
    newest = max(found, key=lambda entry: entry.position)
    return json_reply(200, {"keyId": newest.key, "url": _url(request, _DOWNLOAD, newest.key)})


def _url(request: Request, purpose: str, key_id: str) -> str:
    return link_url(request, _FILE[0], purpose=purpose, subject=key_id)


# ----------------------------------------------------------------------------------------------------------------- files
async def upload_file(request: Request) -> Reply:
    """Import a file: 200 without a body, also where rows have errors. A file that cannot be read can be sent again."""
    request.caller, key_id = await signed_links.read_link(
        request.context, request.params["key"], purpose=_UPLOAD
    )  # fmt: skip
    stock_file = read_file(request.body)
    await _log(request, key_id, _started(len(stock_file.rows)))
    try:
        await _import(request, key_id, stock_file)
    except BaseException:
        await _log(request, key_id, lambda log: log | {"status": SYSTEM_ERROR})
        raise
    return Reply(200)


def _started(rows: int) -> Callable[[dict[str, Tree]], dict[str, Tree]]:
    def started(log: dict[str, Tree]) -> dict[str, Tree]:
        if log["status"] != INITIATED:
            raise Conflict(Code.STATE_FORBIDS, "a file was uploaded to this URL already", status=log["status"])
        return log | {"status": PROCESSING, "rows": rows}

    return started


async def _log(request: Request, key_id: str, made: Callable[[dict[str, Tree]], dict[str, Tree]]) -> None:
    def draft(entry: CatalogEntry | None) -> Draft:
        assert entry is not None, "catalog.change refuses a missing one"
        return Draft(encode_json(made(parse_trusted(entry.document))), name=entry.name)

    await catalog.change(request.context, request.caller, kind=KIND, key=key_id, make=draft)


async def _import(request: Request, key_id: str, stock_file: StockFile) -> None:
    """Import rows in batches, and keep the log up to date; store the errors, then complete."""
    errors: list[tuple[StockRow, str]] = []
    for start in range(0, len(stock_file.rows), _BATCH):
        batch = stock_file.rows[start : start + _BATCH]
        errors += await _import_batch(request, key_id, stock_file, batch)
        done = {"uploaded": start + len(batch) - len(errors), "errors": len(errors)}
        await _log(request, key_id, lambda log, done=done: log | done)  # type: ignore[misc]
        await asyncio.sleep(0)  # SQLite runs in this thread: other requests get their turn
    draft = Draft(error_file(stock_file, errors))
    await catalog.add(request.context, request.caller, kind=ERRORS_KIND, key=key_id, draft=draft)
    await _log(request, key_id, lambda log: log | {"status": COMPLETED})


async def _import_batch(
    request: Request, key_id: str, stock_file: StockFile, rows: Sequence[StockRow]
) -> list[tuple[StockRow, str]]:
    errors: dict[int, str] = {}
    good: list[tuple[int, dict[str, Tree]]] = []
    for place, row in enumerate(rows):
        if width := width_fault(stock_file, row):
            errors[place] = width
            continue
        try:
            rules = (mapping.identity_faults, mapping.counter_faults)
            validate(row.body, wire.InventoryBody, *rules, numbers_as_text=True)
            good.append((place, row.body))
        except Invalid as invalid:
            errors[place] = message_of(invalid)
    identities = await Identities.read(request, [body for _, body in good])
    changes: list[tuple[int, LevelKey, dict[str, Tree]]] = []
    for place, body in good:
        try:
            changes.append((place, identities.key_of(body), body))
        except Invalid as invalid:
            errors[place] = message_of(invalid)
    planned = [(key, partial(_planned, key, body, key_id)) for _, key, body in changes]
    results = await stock_records.change_each(
        request.context, request.caller, planned, kind=mapping.KIND, door=DOOR
    )  # fmt: skip
    for (place, _, _), result in zip(changes, results, strict=True):
        if isinstance(result, Refusal):
            errors[place] = message_of(result)
    return [(rows[place], errors[place]) for place in sorted(errors)]


def _planned(key: LevelKey, body: dict[str, Tree], key_id: str, before: StockRecord | None) -> RecordChange:
    change = mapping.merge(key, body, before)
    reason = f"{BULK_REASON} {key_id}"
    commands = tuple(msgspec.structs.replace(command, reason=reason) for command in change.commands)
    return RecordChange(commands, change.draft)


async def download_errors(request: Request) -> Reply:
    """Return the rows of an upload that have errors, as CSV: 200; 404 where the upload is not completed."""
    request.caller, key_id = await signed_links.read_link(
        request.context, request.params["key"], purpose=_DOWNLOAD
    )  # fmt: skip
    found = await catalog.find(request.context, request.caller, kind=ERRORS_KIND, keys=[key_id])
    if not found:
        raise not_found("upload")
    headers = [("Content-Disposition", f'attachment; filename="{key_id}-errors.csv"')]
    return Reply(200, found[0].document, headers=headers, content_type="text/csv; charset=utf-8")


# ------------------------------------------------------------------------------------------------------------------- log
async def get_upload_log(request: Request) -> Reply:
    """Read the log of one upload."""
    query = Query(request)
    key_id = query.text("keyId", required=True)
    query.check()
    found = await catalog.find(request.context, request.caller, kind=KIND, keys=[key_id or ""])
    if not found:
        raise not_found("upload")
    return json_reply(200, _shown(request, found[0]))


async def list_upload_logs(request: Request) -> Reply:
    """List uploads, newest first: 200 and a page."""
    query = Query(request)
    limit, offset = query.page()
    query.check()
    found, total = await catalog.page(request.context, request.caller, kind=KIND, limit=limit, offset=offset)
    rows = [_shown(request, entry) for entry in found]
    return json_reply(200, {"pagination": pagination(total, limit, offset), "networkAggregation": rows})


def _shown(request: Request, entry: CatalogEntry) -> dict[str, Tree]:
    log = parse_trusted(entry.document)
    is_abandoned = log["status"] == PROCESSING and request.context.clock() - entry.updated_at > _ABANDONED_US
    return {
        "id": entry.key,
        "keyId": entry.key,
        "status": SYSTEM_ERROR if is_abandoned else log["status"],
        "totalRows": log["rows"],
        "totalRowsUploaded": log["uploaded"],
        "totalRowsErrors": log["errors"],
    }


# ---------------------------------------------------------------------------------------------------------------- routes
_FILE = paths("/inventory/upload/file/{key}")
_URL_ANSWERS: dict[int, Any] = {200: wire.FileUrl, **ERRORS, **LARGE}
_FILE_KEY = parameter("key", "path", "The key of the URL; it ends after 15 minutes.", required=True)
_PUBLIC = {status: model for status, model in ERRORS.items() if status not in (401, 403)}
ROUTES = (
    Route(
        "POST", paths("/inventory/aws/upload-url"), create_upload_url, access.WRITE, "createUploadUrl",
        "Get a URL to upload a file of stock to",
        request=wire.FileBody, answers=_URL_ANSWERS, parameters=(CONTEXT,),
        description="Returns a URL of this server that takes one CSV file by PUT, within 15 minutes and without a token.",
        examples={"request": examples.FILE, 200: examples.UPLOAD_URL},
    ),
    Route(
        "POST", paths("/inventory/aws/download-url"), create_download_url, access.READ, "createDownloadUrl",
        "Get a URL of the errors of an upload",
        request=wire.FileBody, answers={**_URL_ANSWERS, **ABSENT}, parameters=(CONTEXT,),
        description="Returns the URL of the rows that had errors, of the newest upload with this name or this `keyId`.",
        examples={"request": examples.FILE, 200: examples.DOWNLOAD_URL, 404: examples.NO_UPLOAD},
    ),
    Route(
        "PUT", _FILE, upload_file, None, "uploadInventoryFile", "Upload a file of stock",
        request={"type": "string", "format": "binary"}, request_media="application/octet-stream",
        answers={200: None, **_PUBLIC, **ABSENT, **LARGE}, parameters=(_FILE_KEY,),
        description=f"The URL that `upload-url` gives: imports a CSV file with at most {MAX_ROWS} rows before it answers.",
        examples={"request": examples.CSV},
    ),
    Route(
        "GET", _FILE, download_errors, None, "downloadInventoryErrors", "Download the errors of an upload",
        answers={200: Media({"text/csv": {"type": "string"}}), **_PUBLIC, **ABSENT}, parameters=(_FILE_KEY,),
        description="The URL that `download-url` gives: the rows that had errors, with the error in the last column.",
        examples={200: examples.ERROR_CSV},
    ),
    Route(
        "GET", paths("/inventory/upload/log"), get_upload_log, access.READ, "getUploadLog", "Read the log of an upload",
        answers={200: wire.UploadLog, **ERRORS, **ABSENT},
        parameters=(CONTEXT, parameter("keyId", "query", "The key that `upload-url` gave.", required=True)),
        description="Returns the state of an upload, and how many of its rows were stored and had errors.",
        examples={200: examples.UPLOAD_LOG, 404: examples.NO_UPLOAD},
    ),
    Route(
        "GET", paths("/inventory/upload/log/all"), list_upload_logs, access.READ, "listUploadLogs", "List the logs of uploads",
        answers={200: wire.UploadLogPage, **ERRORS}, parameters=(CONTEXT, LIMIT, OFFSET),
        description="The newest upload comes first, in an array that the vendor names `networkAggregation`.",
        examples={200: examples.UPLOAD_LOG_PAGE},
    ),
)  # fmt: skip
