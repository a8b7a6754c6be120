"""Jinja environments: plain ones for built-in templates, sandboxed ones for an organization's own.

An organization's administrators are trusted to write their mails, not to run code here or to exhaust the memory. So their
templates cannot call anything, have a short list of filters and no variables of their own, and loops nest twice at most. What
the templates of one mail may cost is a `Budget`: characters of output, and processor time, which is checked at every step of a
loop. Between two checks the cost is bounded, because the texts of a mail are short (plain_text).

There is an environment for each language, in which the filter `t` returns the language's texts; those without values are
filled in when a template is compiled.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from typing import Any

from jinja2 import (
    Environment,
    PackageLoader,
    StrictUndefined,
    Template,
    TemplateRuntimeError,
    TemplateSyntaxError,
    meta,
    nodes,
    pass_context,
)
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
# Characters of one mail's texts together. The largest built-in mail has 150,000; mail servers refuse messages of 10 MB.
MAX_OUTPUT_CHARACTERS = 500_000
# Processor time of one mail's templates, seconds; built-in ones take 0.002 s.
MAX_SECONDS = 0.25
# Names that templates cannot know: the variable that holds the budget, and the filter around what a loop iterates over.
_BUDGET, _METERED = "budget of the mail", "metered"
# Each could recur without bound, or accumulate.
_FORBIDDEN: dict[type[nodes.Node], str] = {
    nodes.Macro: "macro", nodes.CallBlock: "call", nodes.Import: "import", nodes.FromImport: "from", nodes.Assign: "set",
    nodes.AssignBlock: "set", nodes.With: "with", nodes.FilterBlock: "filter", nodes.Concat: "~",
}  # fmt: skip


class Budget:
    """What the templates of one mail may still cost. Its methods raise TemplateRuntimeError where that is used up."""

    def __init__(self) -> None:
        self._characters = MAX_OUTPUT_CHARACTERS
        self._ends_at = time.thread_time() + MAX_SECONDS

    def check_time(self) -> None:
        """Check the processor time of this thread: waiting for the processor does not count."""
        if time.thread_time() > self._ends_at:
            raise TemplateRuntimeError(f"the templates take more than {MAX_SECONDS} s of processor time")

    def spend(self, characters: int) -> None:
        """Take off characters of output."""
        self._characters -= characters
        if self._characters < 0:
            raise TemplateRuntimeError(f"the templates print more than {MAX_OUTPUT_CHARACTERS:,} characters")
        self.check_time()


@pass_context
def _metered(context: Any, iterable: Iterable[Any]) -> Iterator[Any]:
    """Iterate, and check the budget at each step."""
    budget: Budget = context[_BUDGET]
    for each in iterable:
        budget.check_time()
        yield each


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """Parse, and put what each loop iterates over through the filter that checks the budget."""
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _METERED, [], [], None, None, lineno=loop.lineno)
        return tree

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
    if is_sandboxed:
        environment.filters[_METERED] = _metered
    return environment


@cache
def built_in_template(name: str, language: Language) -> Template:
    """Load a built-in template by its file name; those that end in .html escape what they print."""
    return _environment(language, is_html=name.endswith(".html"), is_sandboxed=False).get_template(name)


@lru_cache(maxsize=1024)
def compile_template(source: str, language: Language, *, is_html: bool) -> Template:
    """Compile an organization's own template. Raises TemplateSyntaxError."""
    return _environment(language, is_html=is_html, is_sandboxed=True).from_string(source)


def render_within(template: Template, variables: Mapping[str, Any], budget: Budget) -> str:
    """Render an organization's template; one that costs too much raises TemplateRuntimeError."""
    parts: list[str] = []
    for part in template.generate({**variables, _BUDGET: budget}):
        budget.spend(len(part))
        parts.append(part)
    return "".join(parts)


def static_faults(source: str, language: Language, *, is_html: bool, known: frozenset[str]) -> list[str]:
    """List the faults of an organization's template without running it: syntax, forbidden statements, unknown variables."""
    try:
        tree = _environment(language, is_html=is_html, is_sandboxed=True).parse(source)
        compile_template(source, language, is_html=is_html)
    except TemplateSyntaxError as error:
        return [f"line {error.lineno}: {error.message}"]
    except RecursionError:
        return ["nests too deeply"]
    except ValueError as error:  # a number with thousands of digits
        return [str(error)]
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
