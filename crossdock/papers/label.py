"""Labels of packages, 4 x 6 in: where a package goes and what it is, with codes for scanners. Not a carrier's label: it pays
no postage."""

from crossdock.core.orders.fulfillments import Fulfillment, Package
from crossdock.core.orders.model import Order
from crossdock.papers.contents import carrier_facts, lines_of, order_code, package_code, ship_to
from crossdock.papers.document import Document
from crossdock.papers.languages import translate
from crossdock.papers.layout import LABEL_SIZE, PaperSettings, draw_code, line_height, new_document
from crossdock.papers.wrapping import fit, wrap

_EDGE = 14.0  # label printers leave some 3 mm blank
_ADDRESS_SIZES = (16.0, 14.0, 12.0, 10.0, 8.5)
_ADDRESS_TOP, _ADDRESS_HEIGHT = 84.0, 150.0
_SMALL = 8.0


def render(order: Order, fulfillment: Fulfillment, settings: PaperSettings, *, package_id: int | None = None) -> bytes:
    """Return the labels of a fulfillment's packages as PDF, one page for each; of one package if `package_id` names it.

    A fulfillment that is not packed yet counts as one package. `settings.paper` makes no difference. Raises ValueError if the
    fulfillment has no package of that id.
    """
    title = translate(settings.language, "order") + f" {order.content.number}"
    document = new_document(LABEL_SIZE, settings, title=title, made_at=fulfillment.at)
    packages: tuple[Package | None, ...] = fulfillment.packages or (None,)
    for position, package in enumerate(packages, 1):
        if package_id is None or (package is not None and package.package_id == package_id):
            document.add_page()
            _head(document, order, settings, position, len(packages))
            _address(document, lines_of(ship_to(order, fulfillment), settings.language), settings)
            _facts(document, order, fulfillment, package, settings)
            _codes(document, order, package, position, settings)
    if not document.pages:
        raise ValueError(f"the fulfillment has no package {package_id}")
    return document.render()


def _head(document: Document, order: Order, settings: PaperSettings, position: int, count: int) -> None:
    width = document.width - 2 * _EDGE
    package = translate(settings.language, "package", position=position, count=count)
    document.text(
        document.width - _EDGE,
        _EDGE + 12,
        fit(package, width * 0.46, size=12, bold=True),
        size=12,
        bold=True,
        align="right",
    )
    sender = lines_of(
        order.content.ship_from or settings.seller, settings.language
    )  # black: label printers have no gray
    y = _EDGE
    for number, line in enumerate((settings.brand, *sender)[:6]):
        if line.strip():
            room = width * 0.5 if number < 2 else width
            document.text(
                _EDGE, y + _SMALL, fit(line, room, size=_SMALL, bold=number == 0), size=_SMALL, bold=number == 0
            )
            y += line_height(_SMALL)
    document.rule(_EDGE, _ADDRESS_TOP, width, line=1)


def _address(document: Document, lines: tuple[str, ...], settings: PaperSettings) -> None:
    """Write the address in the largest letters with which it fits."""
    width = document.width - 2 * _EDGE
    document.text(_EDGE, _ADDRESS_TOP + 13, translate(settings.language, "ship_to"), size=_SMALL)
    room = _ADDRESS_HEIGHT - 20
    size, wrapped = _ADDRESS_SIZES[0], [""]
    for size in _ADDRESS_SIZES:
        wrapped = [part for line in lines for part in wrap(line, width, size=size, bold=True, max_lines=3)]
        if len(wrapped) * line_height(size) <= room:
            break
    wrapped = wrapped[: int(room / line_height(size))]
    for number, line in enumerate(wrapped):
        document.text(_EDGE, _ADDRESS_TOP + 18 + size + number * line_height(size), line, size=size, bold=number == 0)
    document.rule(_EDGE, _ADDRESS_TOP + _ADDRESS_HEIGHT, width, line=1)


def _facts(
    document: Document, order: Order, fulfillment: Fulfillment, package: Package | None, settings: PaperSettings
) -> None:
    """Write the order's number and what is known of the package in two columns."""
    facts = [("order", order.content.number), ("location", fulfillment.location)]
    facts += [fact for fact in (carrier_facts(package) if package else ()) if fact[1].strip()]
    half = (document.width - 2 * _EDGE) / 2
    top = _ADDRESS_TOP + _ADDRESS_HEIGHT + 6
    for place, (key, value) in enumerate(facts[:6]):
        x, y = _EDGE + (place % 2) * half, top + (place // 2) * 24
        document.text(x, y + 6.5, translate(settings.language, key), size=6.5)
        document.text(x, y + 16.5, fit(value, half - 8, size=9, bold=True), size=9, bold=True)


def _codes(document: Document, order: Order, package: Package | None, position: int, settings: PaperSettings) -> None:
    middle, language = document.width / 2, settings.language
    draw_code(
        document, package_code(order, package, position), caption=translate(language, "package_id"), x=middle, y=318,
        height=42, align="center", module=1.1,
    )  # fmt: skip
    draw_code(
        document, order_code(order), caption=translate(language, "order"), x=middle, y=381, height=24, align="center"
    )
