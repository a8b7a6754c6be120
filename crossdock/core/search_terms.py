"""Search terms: names, references and e-mail addresses are folded in one way, when indexed and when searched."""

import unicodedata
from collections.abc import Iterable

from crossdock.core.ids import index_key
from crossdock.core.orders.model import Content

# People type the apostrophe of a name in any of these ways, or leave it out.
_APOSTROPHES = "'\u2018\u2019\u02bc\u0060\u00b4\u2032\uff07"
# In a word: letters, digits and marks; an apostrophe is dropped, anything else ends the word.
_ASCII_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()} | {ord(each): "" for each in _APOSTROPHES}
# Some capitals have it after they were made lower-case (Turkish İ), and nobody types it.
_DOT_ABOVE = "\u0307"


def fold(text: str) -> str:
    """Fold a whole value, such as a reference: without case and blanks around it, and in one form of Unicode."""
    text = text.strip()
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).replace("i" + _DOT_ABOVE, "i")


def words_of(text: str) -> list[str]:
    """Split a name into its folded words; punctuation is no part of a word. Text without blanks, as in Chinese, is one word."""
    if text.isascii():
        return text.lower().translate(_ASCII_WORDS).split()
    return "".join(map(_as_part_of_word, fold(text))).split()


def _as_part_of_word(character: str) -> str:
    if character in _APOSTROPHES:
        return ""
    return character if unicodedata.category(character)[0] in "LNM" else " "


def fold_email(email: str) -> str:
    """Fold an e-mail address: without case and blanks, and an internationalized domain in Unicode."""
    email = email.strip().lower() if email.isascii() else fold(email)
    if "xn--" not in email:
        return email
    name, at, domain = email.rpartition("@")
    if "xn--" not in domain:
        return email
    try:
        return f"{name}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return email


def contact_email(content: Content) -> str | None:
    """Return the address an order is found by, as sent: the customer's, else the bill-to, else the first ship-to one.

    Mails go to the same, but never to the ship-to address of a gift.
    """
    customer, bill_to = content.customer, content.bill_to
    if customer is not None and customer.email and customer.email.strip():
        return customer.email
    if bill_to is not None and bill_to.email and bill_to.email.strip():
        return bill_to.email
    ship_to = content.destinations[0].address if content.destinations else None
    return ship_to.email if ship_to is not None and ship_to.email and ship_to.email.strip() else None


def content_terms(content: Content, *, limit: int) -> list[str]:
    """List the terms of an order's content: the words of names; whole references, customer and tracking numbers.

    Number, e-mail and SKU are not among them; they have columns of their own.
    """
    customer, shipping = content.customer, content.shipping
    names = [place.address.name for place in content.destinations if place.address is not None and place.address.name]
    values = [content.customer_number, *[reference.value for reference in content.references]]
    if customer is not None:
        names.append(customer.name or "")
        values.append(customer.customer_ref)
    if shipping is not None:
        values.append(shipping.tracking_number)
    terms = dict.fromkeys(words_of(" ".join(names)))
    for value in values:
        if value and (term := value.strip().lower() if value.isascii() else fold(value)):
            terms[term] = None
    return as_keys(terms)[:limit]


def as_keys(terms: Iterable[str]) -> list[str]:
    """Return terms as they are indexed."""
    # Nearly all are short enough to be their own key; calling `index_key` for each would cost more than all the rest here.
    return [term if len(term) <= 100 else index_key(term) for term in terms]
