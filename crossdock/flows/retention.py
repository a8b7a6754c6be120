"""Retention: delete submissions that were not accepted, and entries of the access log, after the time that is set."""

import asyncio

from crossdock.core.ids import first_id_at
from crossdock.core.retry_policy import SECOND_US
from crossdock.flows.context import Context
from crossdock.store import access_log, submissions, tenants

# Rows deleted in one transaction; more would make other writers wait.
_BATCH_ROWS = 500
_STATUSES = ("refused", "replayed", "redriven")


async def prune_submissions(context: Context) -> int:
    """Delete rejected, replayed and redriven submissions older than the setting `submission_kept_days`; returns how many.

    Accepted ones stay: an order that nobody edited is rendered from its submission, and repeats are answered from it.
    """
    days = context.settings.submission_kept_days
    if not days:
        return 0
    before = first_id_at(context.clock() - days * 86_400 * SECOND_US)
    async with context.store.reading() as tx:
        organizations = await tenants.organizations(tx)
    count = 0
    for organization in organizations:
        for status in _STATUSES:
            count += await _prune(context, organization.organization_id, status, before)
    return count


async def prune_access_log(context: Context) -> int:
    """Delete entries of the access log older than the setting `access_log_days`, where it is on; returns how many."""
    days = context.settings.access_log_days
    if not days:
        return 0
    before = first_id_at(context.clock() - days * 86_400 * SECOND_US)
    async with context.store.reading() as tx:
        organizations = await tenants.organizations(tx)
    count = 0
    for organization in organizations:
        removed = _BATCH_ROWS
        while removed == _BATCH_ROWS:
            async with context.store.writing() as tx:
                removed = await access_log.prune(tx, organization.organization_id, before=before, limit=_BATCH_ROWS)
            count += removed
            await asyncio.sleep(0)
    return count


async def _prune(context: Context, organization_id: int, status: str, before: int) -> int:
    count, removed = 0, _BATCH_ROWS
    while removed == _BATCH_ROWS:
        async with context.store.writing() as tx:
            removed = await submissions.prune(tx, organization_id, status=status, before=before, limit=_BATCH_ROWS)
        count += removed
        await asyncio.sleep(0)
    return count
