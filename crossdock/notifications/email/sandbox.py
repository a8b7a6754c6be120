"""Jinja environments: plain ones for built-in templates, sandboxed ones for an organization's own.

An organization's administrators are trusted to write their mails, not to run code here or to exhaust the memory. So their
templates cannot call anything, have a short list of filters and no variables of their own; loops nest twice at most. The cost
of a template is then bounded by its length and the length of the order.

There is an environment for each language, in which the filter `t` returns the language's texts; those without values are
filled in when a template is compiled.
"""

from functools import cache, lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, TemplateSyntaxError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from crossdock.notifications.email.email_settings import Language
from crossdock.notifications.email.languages import translate

# None that can make a large text from a small one, as join, replace, center and round can.
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
_MAX_NESTED_LOOPS = 2
# Each could recur without bound, or accumulate.
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
            raise SecurityError(f"{operator} works on whole numbers only, ** not at all")
        return super().call_binop(context, operator, left, right)


@cache
def _environment(language: Language, *, is_html: bool, is_sandboxed: bool) -> Environment:
    environment_class = _Sandbox if is_sandboxed else Environment
    environment = environment_class(
        loader=PackageLoader("crossdock.notifications.email"), autoescape=is_html, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.filters["t"] = partial(translate, language)
    return environment


@cache
def built_in_template(name: str, language: Language) -> Template:
    """Load a built-in template by its file name; those that end in .html escape what they print."""
    return _environment(language, is_html=name.endswith(".html"), is_sandboxed=False).get_template(name)


@lru_cache(maxsize=1024)
def compile_template(source: str, language: Language, *, is_html: bool) -> Template:
    """Compile an organization's own template. Raises TemplateSyntaxError."""
    return _environment(language, is_html=is_html, is_sandboxed=True).from_string(source)


def static_faults(source: str, language: Language, *, is_html: bool, known: frozenset[str]) -> list[str]:
    """List the faults of an organization's template without running it: syntax, forbidden statements, unknown variables."""
    try:
        tree = _environment(language, is_html=is_html, is_sandboxed=True).parse(source)
        compile_template(source, language, is_html=is_html)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    except RecursionError:
        return ["nests too deeply"]
    faults = [
        f"line {node.lineno}: {statement} is not available in a mail's template"
        for node_type, statement in _FORBIDDEN.items()
        for node in tree.find_all(node_type)
    ]
    unknown = sorted(meta.find_undeclared_variables(tree) - known)
    faults += [f"there is no variable {name}; there are {', '.join(sorted(known))}" for name in unknown]
    if _nesting(tree) > _MAX_NESTED_LOOPS:
        faults.append(f"loops and includes must not nest more than {_MAX_NESTED_LOOPS} deep")
    return faults


def _nesting(node: nodes.Node) -> int:
    nested = max(map(_nesting, node.iter_child_nodes()), default=0)
    return nested + isinstance(node, nodes.For | nodes.Include)  # an included template loops over the items
