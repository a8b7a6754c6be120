"""Settings of e-mails: sender, language, kinds that are sent, own templates; and what each kind looks like."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from starlette.responses import Response

from crossdock.core.errors import Code, Conflict, Fault, Invalid, NotFound
from crossdock.flows import emails
from crossdock.flows.access import ADMIN
from crossdock.flows.endpoints import Endpoint
from crossdock.notifications.email import channel
from crossdock.notifications.email.email_settings import Language, MailSettings, Override
from crossdock.notifications.email.languages import LANGUAGES
from crossdock.notifications.email.mail_kinds import Kind
from crossdock.notifications.email.preview import preview
from crossdock.web.console.page import Page, PageRequest
from crossdock.web.console.rendering import SECURITY

PATH = "/console/mails/settings"
# The members of the settings that are texts; an empty one is left out, so that the default is used.
TEXTS = ("sender", "sender_name", "reply_to", "brand", "locale", "time_zone", "public_url", "unsubscribe_url")
PARTS = ("subject", "html", "text")  # of a template
Tree = Any
# A mail is a foreign document: no scripts, no forms, nothing loaded, and only our pages may show it in a frame.
_MAIL_SECURITY = {
    "content-security-policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def kind_label(request: PageRequest, kind: str) -> str:
    """Return what a kind of mail is called."""
    t = request.t
    labels = {
        Kind.CONFIRMATION: t("Order confirmation"),
        Kind.HOLD: t("Question about the order"),
        Kind.DELAY: t("Delay"),
        Kind.SHIPPED: t("Shipped"),
        Kind.DELIVERED: t("Delivered"),
        Kind.READY_FOR_PICKUP: t("Ready for pickup"),
        Kind.PICKUP_REMINDER: t("Pickup reminder"),
        Kind.PICKUP_EXPIRED: t("Pickup expired"),
        Kind.CANCELED: t("Canceled"),
        Kind.RETURN_REQUESTED: t("Return instructions"),
        Kind.EXCHANGE: t("Exchange instructions"),
        Kind.RETURNED: t("Return arrived"),
        Kind.REFUNDED: t("Refund confirmation"),
        Kind.APPEASEMENT: t("Goodwill"),
    }
    return labels.get(cast(Kind, kind), kind)


def with_frame(response: Response) -> Response:
    """Let a page show another page of this server in a frame."""
    response.headers["content-security-policy"] = f"{SECURITY['content-security-policy']}; frame-src 'self'"
    return response


def mail_document(html: str) -> Response:
    """Answer the HTML of a mail as a document of its own that can do nothing."""
    return Response(html, media_type="text/html; charset=utf-8", headers=_MAIL_SECURITY)


def settings_of(request: PageRequest, endpoint: Endpoint) -> MailSettings | None:
    """Return the settings in force; None where there is a mail server and nobody has set a sender."""
    context = request.context
    return channel.settings_of(
        endpoint.document,
        context.settings,
        brand=request.caller.organization.name,
        hold_reasons=context.customer_hold_reasons,
    )


# -------------------------------------------------------------------------------------------------------------- the form
async def show(request: PageRequest) -> Response:
    """Show what is sent, from whom and through which server, and all kinds of mails."""
    endpoint, document = await emails.settings(request.context, request.caller)
    tree = {"sender": request.context.settings.mail_sender} if document is None else msgspec.json.decode(document)
    return _page(request, endpoint, _values(tree), is_own=document is not None)


def _values(tree: Tree) -> dict[str, str]:
    """Return a settings document as the fields of the form show it; `kinds` are those that are sent."""
    values = {name: tree.get(name) or "" for name in TEXTS}
    values["hold_reasons"] = "\n".join(tree.get("hold_reasons") or ())
    values["kinds"] = " ".join(kind for kind in Kind if kind not in tree.get("kinds_off", ()))
    return values | {"enabled": "true" if tree.get("enabled", True) else "false"}


def _page(
    request: PageRequest, endpoint: Endpoint, values: Mapping[str, str], *, is_own: bool,
    faults: tuple[Fault, ...] = (), now: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """Render the form; `now` has the stored values beside which others were typed."""
    settings, server = settings_of(request, endpoint), request.context.settings
    by_field, others = _by_field(faults, (*TEXTS, "hold_reasons"))
    kinds = [
        (str(each), kind_label(request, each), [*settings.templates.get(each, {})] if settings else []) for each in Kind
    ]
    return request.render(
        "mail_settings.html", status=status, section="mails", settings=settings, values=values, seen=endpoint.version,
        faults=by_field, others=others, now=now, is_own=is_own, tls=str(server.smtp_tls), mails_kept=server.mails_kept,
        server=f"{server.smtp_host}:{server.smtp_port}" if server.smtp_host else "", kinds=kinds,
    )  # fmt: skip


def _by_field(faults: tuple[Fault, ...], names: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    """Return faults by the field that the last name of their path has, and those that belong to no field."""
    by_field: dict[str, str] = {}
    others = []
    for each in faults:
        name = next((str(part) for part in reversed(each.path) if part in names), None)
        if name is None:
            others.append(f"{'.'.join(map(str, each.path))} {each.reason}")
        else:
            by_field.setdefault(name, each.reason)
    return by_field, others


async def save(request: PageRequest) -> Response:
    """Change the settings, unless somebody else has changed them since the form was shown. Templates stay as they are."""
    form, chosen = request.form, request.form_lists.get("kind", [])
    values = {name: form.get(name, "").strip() for name in (*TEXTS, "hold_reasons", "enabled")}
    values["kinds"] = " ".join(chosen)

    def change(tree: Tree) -> None:
        for name in TEXTS:
            _put(tree, name, values[name])
        _put(tree, "hold_reasons", [line.strip() for line in values["hold_reasons"].splitlines() if line.strip()])
        _put(tree, "kinds_off", [str(kind) for kind in Kind if kind not in chosen])
        tree["enabled"] = values["enabled"] != "false"

    endpoint, document = await emails.settings(request.context, request.caller)
    try:
        await _change(request, document, change)
    except Invalid as invalid:
        return _page(request, endpoint, values, is_own=document is not None, faults=invalid.faults, status=400)
    except Conflict:
        endpoint, document = await emails.settings(request.context, request.caller)
        stored = _values(msgspec.json.decode(document or emails.NO_SETTINGS))
        now = {name: text for name, text in stored.items() if text != values[name]}
        return _page(request, endpoint, values, is_own=True, now=now, status=409)
    return request.redirect(PATH, request.t("The e-mail settings are saved."))


def _put(tree: Tree, name: str, value: Any) -> None:
    """Put a member into an object; an empty one is taken out."""
    tree.pop(name, None)
    if value:
        tree[name] = value


async def _change(request: PageRequest, document: bytes | None, change: Any) -> None:
    """Store the settings with a change of their JSON. Refuses with Invalid, and Conflict `stale_version`."""
    tree = msgspec.json.decode(document or emails.NO_SETTINGS)
    change(tree)
    versions = [request.version or 0]
    await emails.change_settings(request.context, request.caller, msgspec.json.encode(tree), versions=versions)


# ------------------------------------------------------------------------------------------------ kinds and their templates
def _kind(request: PageRequest) -> tuple[Kind, Language]:
    """Read which kind of mail is meant, in which language. Refuses with NotFound."""
    kind = request.params["kind"]
    language = request.form.get("language") or request.query.get("language", request.t.language)
    if kind not in list(Kind) or language not in LANGUAGES:
        raise NotFound(Code.NOT_FOUND, "there is no such kind of mail")
    return Kind(kind), language


async def _preview(request: PageRequest, settings: MailSettings | None) -> tuple[str, str, str]:
    """Render a kind of mail from the sample order. Templates of an organization may take a while, so in a thread."""
    kind, language = _kind(request)
    settings = settings or channel.placeholder_settings(request.caller.organization.name)
    return await asyncio.to_thread(preview, kind, language, settings)


async def show_kind(request: PageRequest) -> Response:
    """Show a kind of mail, made from the sample order, and the organization's own template for it."""
    kind, language = _kind(request)
    endpoint, _ = await emails.settings(request.context, request.caller)
    settings = settings_of(request, endpoint)
    own = settings.override(kind, language) if settings else Override()
    return await _kind_page(request, endpoint, {name: getattr(own, name) or "" for name in PARTS})


async def _kind_page(
    request: PageRequest, endpoint: Endpoint, values: Mapping[str, str], *, faults: tuple[Fault, ...] = (),
    now: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    kind, language = _kind(request)
    settings = settings_of(request, endpoint)
    has_sender = endpoint.document != emails.NO_SETTINGS or bool(request.context.settings.mail_sender)
    subject, _, text = await _preview(request, settings)
    by_field, others = _by_field(faults, PARTS)
    response = request.render(
        "mail_preview.html", status=status, section="mails", kind=str(kind), label=kind_label(request, kind),
        language=language, subject=subject, text=text, kinds=[(str(each), kind_label(request, each)) for each in Kind],
        values=values, seen=endpoint.version, faults=by_field, others=others, now=now, has_sender=has_sender,
        is_own=any(values.values()),
    )  # fmt: skip
    return with_frame(response)


async def save_template(request: PageRequest) -> Response:
    """Replace the organization's own template of a kind in a language; an empty part is the built-in one."""
    kind, language = _kind(request)
    values = {name: request.form.get(name, "").replace("\r\n", "\n") for name in PARTS}
    given = {name: text for name, text in values.items() if text.strip()}

    def change(tree: Tree) -> None:
        tree.setdefault("sender", request.context.settings.mail_sender)
        languages = tree.setdefault("templates", {}).setdefault(str(kind), {})
        _put(languages, language, given)

    endpoint, document = await emails.settings(request.context, request.caller)
    try:
        await _change(request, document, change)
    except Invalid as invalid:
        return await _kind_page(request, endpoint, values, faults=invalid.faults, status=400)
    except Conflict:
        endpoint, document = await emails.settings(request.context, request.caller)
        stored = (
            msgspec.json.decode(document or emails.NO_SETTINGS).get("templates", {}).get(kind, {}).get(language, {})
        )
        now = {name: stored.get(name) or "" for name in PARTS if (stored.get(name) or "") != values[name]}
        return await _kind_page(request, endpoint, values, now=now, status=409)
    path = f"/console/mails/kinds/{kind}?language={language}"
    return request.redirect(
        path, request.t("The template is saved.") if given else request.t("The built-in template is used.")
    )


async def show_kind_html(request: PageRequest) -> Response:
    """Return the HTML of a preview, as a document of its own that can do nothing."""
    endpoint, _ = await emails.settings(request.context, request.caller)
    _, html, _ = await _preview(request, settings_of(request, endpoint))
    return mail_document(html)


PAGES = (
    Page("GET", PATH, show, "showMailSettings", ADMIN, "mails"),
    Page("POST", PATH, save, "saveMailSettings", ADMIN, "mails", versioned=True),
    Page("GET", "/console/mails/kinds/{kind}", show_kind, "previewMail", ADMIN, "mails"),
    Page("POST", "/console/mails/kinds/{kind}", save_template, "saveMailTemplate", ADMIN, "mails", versioned=True),
    Page("GET", "/console/mails/kinds/{kind}/html", show_kind_html, "previewMailHtml", ADMIN, "mails"),
)
