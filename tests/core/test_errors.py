"""Refusals carry codes of their own kind only."""

import pytest

from crossdock.core import errors
from crossdock.core.errors import Busy, Code, Conflict, Denied, Fault, Invalid, NotFound, Refusal

KINDS: list[type[Refusal]] = [Invalid, NotFound, Denied, Conflict, Busy]


class TestRefusal:
    def test_refusal_comes_in_five_kinds(self) -> None:
        ours = [kind for kind in Refusal.__subclasses__() if kind.__module__ == errors.__name__]
        assert set(ours) == set(KINDS)

    @pytest.mark.parametrize("code", list(Code))
    def test_refusal_gives_each_code_to_exactly_one_kind(self, code: Code) -> None:
        assert len([kind for kind in KINDS if code in kind.allowed]) == 1

    @pytest.mark.parametrize("kind", KINDS)
    def test_refusal_accepts_only_its_own_codes(self, kind: type[Refusal]) -> None:
        for code in Code:
            if code in kind.allowed:
                assert kind(code, "because").code is code
            else:
                with pytest.raises(AssertionError, match=code):
                    kind(code, "because")

    @pytest.mark.parametrize("code", list(Code))
    def test_refusal_has_no_code_without_a_kind(self, code: Code) -> None:
        with pytest.raises(AssertionError):
            Refusal(code, "because")

    def test_refusal_carries_reason_faults_and_facts(self) -> None:
        fault = Fault(("a", 0), "is wrong")
        refused = Invalid(Code.TOO_DEEP, "too deep", faults=(fault,), limit=64)
        assert (refused.reason, str(refused)) == ("too deep", "too deep")
        assert refused.faults == (fault,)
        assert refused.facts == {"limit": 64}
