"""Exports: start one, read its state, list them and their files, and get the URL of a file.

A file is written by a background job of this process, so the call that starts it answers at once. The newest files are stored
for a while. An export whose process has ended is shown as failed when its state has not changed for some minutes.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from crossdock.core.errors import Code, Fault, Invalid, NotFound, Refusal
from crossdock.core.ids import to_hex24
from crossdock.core.json.strict_json import parse_trusted
from crossdock.core.time import format_time
from crossdock.doors import Media, Reply, Request, Route, encode_json, in_one_view, json_reply
from crossdock.doors.fabric import examples_config as examples
from crossdock.doors.fabric import wire_exports as wire
from crossdock.doors.fabric.documents import DocumentSearch, query_rule
from crossdock.doors.fabric.errors import ABSENT, ERRORS, LARGE, faulty, message_of, not_found
from crossdock.doors.fabric.export_csv import Column, Table, selected
from crossdock.doors.fabric.routes.common import CONTEXT, parameter, paths, read_body
from crossdock.doors.fabric.routes.export_modules import MODULES, Module
from crossdock.doors.fabric.routes.links import LIFETIME_S, link_url
from crossdock.doors.fabric.stored_documents import EXPORT_FILES
from crossdock.doors.fabric.wire_calls import QueryRequest
from crossdock.flows import access, catalog, signed_links
from crossdock.flows.catalog import CatalogEntry, Draft

Tree = Any
KIND, FILES = "fabric/export", EXPORT_FILES
MAX_SIZE = 20_000_000  # characters of one file
MAX_KEPT = 100  # exports of an organization; older ones are removed with their files
_MAX_UNKNOWN = 100  # headers named in one answer
_PURPOSE = "fabric export"
_ABANDONED_US = 15 * 60 * 1_000_000
INITIATED, PROCESSING, FINISHED, SYSTEM_ERROR = "INITIATED", "PROCESSING", "FINISHED", "SYSTEM_ERROR"
_HEADERS = msgspec.json.Decoder(dict[str, bool])


# ----------------------------------------------------------------------------------------------------------------- start
def _rule(tree: Tree) -> list[Fault]:
    """Check what depends on the module: filters, the member to sort by, and the headers."""
    name = tree.get("module") if isinstance(tree, dict) else None
    module = MODULES.get(name.upper()) if isinstance(name, str) else None
    if module is None:
        return []
    filters, sort_by, config = (tree.get(member) for member in ("filters", "sortBy", "csvHeadersConfig"))
    faults = module.faults(filters if isinstance(filters, dict) else {}, sort_by if isinstance(sort_by, str) else None)
    return [*faults, *(_header_faults(module, config) if isinstance(config, str) and config else ())]


def _header_faults(module: Module, text: str) -> list[Fault]:
    try:
        config = _HEADERS.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [Fault(("csvHeadersConfig",), "must be the text of a JSON object of headers that are true or false")]
    known = {each.header for each in module.columns}
    unknown = [name for name in config if name not in known]
    if unknown:
        return [Fault(("csvHeadersConfig", name), "is no header of the module") for name in unknown[:_MAX_UNKNOWN]]
    return [] if selected(module.columns, config) else [Fault(("csvHeadersConfig",), "must leave a header")]


async def create_export(request: Request) -> Reply:
    """Start an export: 200 and its state, before anything is written."""
    sent = read_body(request, wire.ExportRequest, _rule)
    context, caller = request.context, request.caller
    key_id = to_hex24(context.id_generator.new(context.clock()))
    name = sent.module.upper()
    document: dict[str, Tree] = {
        "module": name, "status": INITIATED, "rows": 0, "records": 0, "filters": sent.filters or {},
        "message": None,
    }  # fmt: skip
    entry = await catalog.add(context, caller, kind=KIND, key=key_id, draft=_draft(document))
    config: Mapping[str, bool] = _HEADERS.decode(sent.csvHeadersConfig) if sent.csvHeadersConfig else {}
    columns = selected(MODULES[name].columns, config)
    try:
        context.jobs.start("export", partial(_run, request, key_id, sent, columns))
    except Refusal:
        await catalog.remove(context, caller, kind=KIND, key=key_id)
        raise
    return json_reply(200, _shown(request, entry))


def _draft(document: dict[str, Tree]) -> Draft:
    return Draft(encode_json(document), search=document["module"])


# --------------------------------------------------------------------------------------------------------------- writing
async def _run(request: Request, key_id: str, sent: wire.ExportRequest, columns: tuple[Column, ...]) -> None:
    """Write the file of an export, and what becomes of it into its log."""
    await _log(request, key_id, status=PROCESSING)
    try:
        table = await _write(request, sent, columns)
        await catalog.add(request.context, request.caller, kind=FILES, key=key_id, draft=Draft(table.bytes()))
    except Refusal as refusal:
        await _log(request, key_id, status=SYSTEM_ERROR, message=message_of(refusal))
        return
    except BaseException:
        await _log(request, key_id, status=SYSTEM_ERROR, message="The export ended early; start it again")
        raise
    await _log(request, key_id, status=FINISHED, rows=table.rows, records=table.records)
    await _remove_old(request)


async def _write(request: Request, sent: wire.ExportRequest, columns: tuple[Column, ...]) -> Table:
    module = MODULES[sent.module.upper()]
    table = Table(columns, module.rows)
    async for documents in module.read(request, sent):
        for document in documents:
            table.add([document])
            if table.size > MAX_SIZE:
                raise Invalid(Code.TOO_LARGE, f"the file is larger than {MAX_SIZE} characters; export less at a time")
            await asyncio.sleep(0)  # other requests get their turn
    return table


async def _log(request: Request, key_id: str, **changes: Tree) -> None:
    def draft(entry: CatalogEntry | None) -> Draft:
        assert entry is not None, "catalog.change refuses a missing one"
        return _draft(parse_trusted(entry.document) | changes)

    await catalog.change(request.context, request.caller, kind=KIND, key=key_id, make=draft)


async def _remove_old(request: Request) -> None:
    context, caller = request.context, request.caller
    old, _ = await catalog.page(context, caller, kind=KIND, limit=MAX_KEPT, offset=MAX_KEPT)
    for entry in old:
        for kind in (FILES, KIND):
            with suppress(NotFound):  # a failed export has no file
                await catalog.remove(context, caller, kind=kind, key=entry.key)


# --------------------------------------------------------------------------------------------------------------- reading
def _shown(request: Request, entry: CatalogEntry) -> dict[str, Tree]:
    log = parse_trusted(entry.document)
    is_open = log["status"] in (INITIATED, PROCESSING)
    is_abandoned = is_open and request.context.clock() - entry.updated_at > _ABANDONED_US
    return {
        "module": log["module"],
        "keyId": entry.key,
        "version": entry.version,
        "status": SYSTEM_ERROR if is_abandoned else log["status"],
        "totalRowsExported": log["rows"],
        "totalRecordsExported": log["records"],
        "createdAt": format_time(entry.created_at),
        "updatedAt": format_time(entry.updated_at),
        "filters": log["filters"],
        "message": "The export ended early; start it again" if is_abandoned else log["message"],
    }


def _required(request: Request, name: str) -> str:
    value = request.query.get(name)
    if not value:
        raise faulty(Fault((name,), "is required"))
    return value


def _module(request: Request) -> tuple[str, Module]:
    name = _required(request, "module").upper()
    if name not in MODULES:
        raise not_found("module")
    return name, MODULES[name]


async def get_status(request: Request) -> Reply:
    """Read the state of an export; 404 for an unknown key."""
    key_id = _required(request, "keyId")
    found = await catalog.find(request.context, request.caller, kind=KIND, keys=[key_id])
    if not found:
        raise not_found("export")
    return json_reply(200, _shown(request, found[0]))


@in_one_view
async def query_history(request: Request) -> Reply:
    """Search the exports that are stored: 200 and a page, also where it is empty."""
    body = read_body(request, QueryRequest, query_rule(wire.Export))
    search = DocumentSearch(body, sort_by="updatedAt", ascending=False)
    exports = [_shown(request, each) for each in await catalog.all_of(request.context, request.caller, kind=KIND)]
    page, count = search.page(reversed(exports) if search.ascending else exports)
    return json_reply(200, {"count": count, "limit": search.limit, "offset": search.offset, "exports": page})


async def get_headers(request: Request) -> Reply:
    """Return the headers of a module, each true; 404 for an unknown module."""
    _, module = _module(request)
    return json_reply(200, {each.header: True for each in module.columns})


@in_one_view
async def list_files(request: Request) -> Reply:
    """List the keys of the files of a module, the newest first; 404 for an unknown module."""
    name, _ = _module(request)
    entries = await catalog.all_of(request.context, request.caller, kind=KIND)
    logs = [(entry.key, parse_trusted(entry.document)) for entry in entries]
    return json_reply(200, [key for key, log in logs if log["module"] == name and log["status"] == FINISHED])


async def get_download_url(request: Request) -> Reply:
    """Return the URL of a file; 404 where there is none, or not yet."""
    key_id = _required(request, "keyId")
    found = await catalog.find(request.context, request.caller, kind=FILES, keys=[key_id])
    if not found:
        raise not_found("export file")
    return json_reply(200, {"url": link_url(request, _FILE[0], purpose=_PURPOSE, subject=key_id)})


async def download_file(request: Request) -> Reply:
    """Return a file: 200 and CSV; 404 where the URL has ended or the file was removed."""
    request.caller, key_id = await signed_links.read_link(
        request.context, request.params["key"], purpose=_PURPOSE
    )  # fmt: skip
    found = await catalog.find(request.context, request.caller, kind=FILES, keys=[key_id])
    if not found:
        raise not_found("export file")
    headers = [("Content-Disposition", f'attachment; filename="{key_id}.csv"')]
    return Reply(200, found[0].document, headers=headers, content_type="text/csv; charset=utf-8")


# ---------------------------------------------------------------------------------------------------------------- routes
_FILE = paths("/exports/file/{key}")
_KEY = parameter("keyId", "query", "The key that `POST exports` gave.", required=True)
_MODULE = parameter("module", "query", f"{', '.join(MODULES)}, in any letter case.", required=True)
_FILE_KEY = parameter("key", "path", f"The key of the URL; it ends after {LIFETIME_S // 60} minutes.", required=True)
_PUBLIC = {status: model for status, model in ERRORS.items() if status not in (401, 403)}
ROUTES = (
    Route(
        "POST", paths("/exports"), create_export, access.READ, "createExport", "Export to a CSV file",
        request=wire.ExportRequest, answers={200: wire.Export, **ERRORS, **LARGE}, parameters=(CONTEXT,),
        description=(
            f"Starts to write a file with at most {wire.MAX_RECORDS} records, and answers at once. `exports/status` says when "
            "it is finished."
        ),
        examples={"request": examples.EXPORT, 200: examples.STARTED_EXPORT},
    ),
    Route(
        "POST", paths("/exports/history"), query_history, access.READ, "queryExportHistory", "Search exports",
        request=QueryRequest, answers={200: wire.ExportPage, **ERRORS, **LARGE}, parameters=(CONTEXT,),
        description=f"Searches the newest {MAX_KEPT} exports by any member; no match is an empty page.",
        examples={"request": examples.EXPORT_QUERY, 200: examples.EXPORT_PAGE},
    ),
    Route(
        "GET", paths("/exports/status"), get_status, access.READ, "getExportStatus", "Read the state of an export",
        answers={200: wire.Export, **ERRORS, **ABSENT}, parameters=(CONTEXT, _KEY),
        description="Returns the state of an export: INITIATED, PROCESSING, FINISHED or SYSTEM_ERROR.",
        examples={200: examples.FINISHED_EXPORT, 404: examples.NO_EXPORT},
    ),
    Route(
        "GET", paths("/exports/headers-list"), get_headers, access.READ, "getExportHeaders", "List the headers of a module",
        answers={200: {"type": "object", "additionalProperties": {"type": "boolean"}}, **ERRORS, **ABSENT},
        parameters=(CONTEXT, _MODULE),
        description="Returns the headers of a file with all columns, each true: the form that `csvHeadersConfig` has.",
        examples={200: examples.NETWORK_HEADERS, 404: examples.NO_MODULE},
    ),
    Route(
        "GET", paths("/exports/files-list"), list_files, access.READ, "listExportFiles", "List the files of a module",
        answers={200: {"type": "array", "items": {"type": "string"}}, **ERRORS, **ABSENT}, parameters=(CONTEXT, _MODULE),
        description="Returns the keys of the finished exports of a module as an array, the newest first.",
        examples={200: [examples.EXPORT_ID], 404: examples.NO_MODULE},
    ),
    Route(
        "GET", paths("/exports/download-url"), get_download_url, access.READ, "getExportDownloadUrl",
        "Get the URL of a file",
        answers={200: wire.ExportUrl, **ERRORS, **ABSENT}, parameters=(CONTEXT, _KEY),
        description=f"Returns a URL of this server that needs no token and ends after {LIFETIME_S // 60} minutes.",
        examples={200: examples.EXPORT_URL, 404: examples.NO_EXPORT_FILE},
    ),
    Route(
        "GET", _FILE, download_file, None, "downloadExport", "Download a file",
        answers={200: Media({"text/csv": {"type": "string"}}), **_PUBLIC, **ABSENT}, parameters=(_FILE_KEY,),
        description="The URL that `download-url` gives: the file, in CSV.",
        examples={200: examples.EXPORT_CSV},
    ),
)  # fmt: skip
