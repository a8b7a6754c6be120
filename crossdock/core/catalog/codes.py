"""Codes by which calls and CSV files name entries of the catalog, such as locations; pure."""

MAX_CODE = 100  # characters
MAX_NAME = 200
# Words of the paths beside a list's `/{code}`.
RESERVED = frozenset(("import",))


def code_fault(code: str) -> str | None:
    """Say what is wrong with a code, or None: calls name it in their path, so it has no slash."""
    if not code or code != code.strip() or len(code) > MAX_CODE:
        return f"must have 1 to {MAX_CODE} characters, without blanks around them"
    if "/" in code or "\x00" in code or code in (".", ".."):
        return "must not have a slash, as calls name it in their path"
    return f"must not be {code}, which is a word of this API" if code in RESERVED else None


def read_code(cell: str) -> str:
    """Read a code in a cell of a CSV file. Raises ValueError where it cannot be one."""
    if fault := code_fault(cell):
        raise ValueError(fault)
    return cell
