"""Where templates run: built-in ones as they are, an organization's own so that they can print what they are given and no more.

An organization's administrators are trusted to write their mails, not to run programs here or to fill the memory. So their
templates call nothing, have a short list of filters and no variables of their own; loops nest twice at most. What a template
can cost is then bounded by its length and the length of the order.

There is an environment for each language, in which the filter `t` gives its words: what has no values is put in when a
template is compiled.
"""

from functools import cache, lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.languages import say

# None that makes much of little, as join, replace, center and round can.
_FILTERS = (
    "capitalize",
    "default",
    "e",
    "escape",
    "first",
    "last",
    "length",
    "lower",
    "title",
    "trim",
    "truncate",
    "upper",
)
_LOOPS_NESTED = 2
# Each could repeat itself without bound, or keep what grows.
_FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro", nodes.CallBlock: "call", nodes.Import: "import", nodes.FromImport: "from", nodes.Assign: "set",
    nodes.AssignBlock: "set", nodes.With: "with", nodes.FilterBlock: "filter", nodes.Concat: "~",
}  # fmt: skip


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or not (isinstance(left, int) and isinstance(right, int)):
            raise SecurityError(f"{operator} is for whole numbers, ** for none")
        return super().call_binop(context, operator, left, right)


@cache
def _environment(language: Language, *, is_html: bool, is_foreign: bool) -> Environment:
    kind = _Sandbox if is_foreign else Environment
    made = kind(
        loader=PackageLoader("crossdock.notifications.email"), autoescape=is_html, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    made.filters["t"] = partial(say, language)
    return made


@cache
def built_in(name: str, language: Language) -> Template:
    """Give a built-in template by its file name; those that end in .html escape what they print."""
    return _environment(language, is_html=name.endswith(".html"), is_foreign=False).get_template(name)


@lru_cache(maxsize=1024)
def compiled(source: str, language: Language, *, is_html: bool) -> Template:
    """Compile an organization's own template. Raises TemplateSyntaxError."""
    return _environment(language, is_html=is_html, is_foreign=True).from_string(source)


def misuse(source: str, language: Language, *, is_html: bool, known: frozenset[str]) -> list[str]:
    """List what is wrong with an organization's template before it is ever run: its syntax, what it must not use, and
    variables there are none of."""
    try:
        tree = _environment(language, is_html=is_html, is_foreign=True).parse(source)
        compiled(source, language, is_html=is_html)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    except RecursionError:
        return ["nests too deeply"]
    found = [
        f"line {node.lineno}: {word} is not available in a mail's template"
        for kind, word in _FORBIDDEN.items()
        for node in tree.find_all(kind)
    ]
    unknown = sorted(meta.find_undeclared_variables(tree) - known)
    found += [f"there is no variable {name}; there are {', '.join(sorted(known))}" for name in unknown]
    if _nesting(tree) > _LOOPS_NESTED:
        found.append(f"loops and includes must not nest more than {_LOOPS_NESTED} deep")
    return found


def _nesting(node: nodes.Node) -> int:
    below = max(map(_nesting, node.iter_child_nodes()), default=0)
    return below + isinstance(node, nodes.For | nodes.Include)  # what is included loops over the items
