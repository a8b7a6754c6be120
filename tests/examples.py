"""How many examples Hypothesis generates where each is costly."""

from hypothesis import settings

_PROVE = 1000  # examples of the profile `prove`, see tests/conftest.py


def at_most(count: int, *, prove: int = _PROVE) -> settings:
    """Return settings for `count` examples in `make test` and `prove` examples in `make prove`."""
    usual = settings.default.max_examples if settings.default else count
    return settings(max_examples=prove if usual >= _PROVE else count)
