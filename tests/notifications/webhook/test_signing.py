"""Signatures match the standard's test vector, its published library and cryptography; secrets are validated."""

import base64
import hmac
import time
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from crossdock.notifications.webhook.signing import Scheme, check_secret, make_secret, public_key, signature

BODY = '{"type":"order.shipped","note":"geliefert, 完"}'.encode()
SCHEMES = list(Scheme)


def headers(body: bytes, *secrets: str) -> dict[str, str]:
    now = int(time.time())
    return {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(now),
        "webhook-signature": signature("evt_1", now, body, secrets),
    }


def base(count: int) -> str:
    return base64.b64encode(bytes(range(count))).decode()


class TestHmac:
    def test_the_signature_matches_the_published_test_vector(self) -> None:
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        got = signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])
        assert got == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    def test_an_hmac_signature_is_accepted_by_the_published_library(self) -> None:
        secret = make_secret(Scheme.HMAC)
        assert Webhook(secret).verify(BODY, headers(BODY, secret))["type"] == "order.shipped"

    @given(st.text(), st.binary(min_size=24, max_size=64))
    def test_an_hmac_signature_is_accepted_for_any_body_and_key(self, text: str, key: bytes) -> None:
        secret = "whsec_" + base64.b64encode(key).decode()
        sent = headers(text.encode(), secret)
        Webhook(secret).verify(text.encode(), sent, json_parse=False)  # raises if it does not accept
        content = f"evt_1.{sent['webhook-timestamp']}.{text}".encode()
        assert sent["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()

    @pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "body", "secret"])
    def test_an_hmac_signature_covers_id_time_body_and_secret(self, part: str) -> None:
        secret = make_secret(Scheme.HMAC)
        sent = headers(BODY, secret)
        changes: dict[str, Any] = {"webhook-id": "evt_2", "webhook-timestamp": str(int(sent["webhook-timestamp"]) - 1)}
        if part in changes:
            sent[part] = changes[part]
        body = BODY + b" " if part == "body" else BODY
        with pytest.raises(WebhookVerificationError):
            Webhook(make_secret(Scheme.HMAC) if part == "secret" else secret).verify(body, sent)


class TestEd25519:
    def test_an_ed25519_signature_is_verified_with_the_public_key(self) -> None:
        secret = make_secret(Scheme.ED25519)
        version, _, encoded = signature("evt_1", 1700000000, BODY, [secret]).partition(",")
        known = public_key(secret)
        assert version == "v1a"
        assert known is not None
        assert known.startswith("whpk_")
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(known.removeprefix("whpk_")))
        key.verify(base64.b64decode(encoded), b"evt_1.1700000000." + BODY)
        with pytest.raises(InvalidSignature):
            key.verify(base64.b64decode(encoded), b"evt_1.1700000001." + BODY)

    def test_ed25519_keys_and_signature_match_rfc_8032(self) -> None:
        # Section 7.1, test 1, gives this public key for this private one.
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        secret = "whsk_" + base64.b64encode(seed).decode()
        assert public_key(secret) == "whpk_" + base64.b64encode(public).decode()
        expected = base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(b"evt_1.5.x")).decode()
        assert signature("evt_1", 5, b"x", [secret]) == f"v1a,{expected}"

    def test_a_private_key_with_its_public_key_appended_is_accepted(self) -> None:
        key = Ed25519PrivateKey.generate()
        seed, public = key.private_bytes_raw(), key.public_key().public_bytes_raw()
        short, long, wrong = ("whsk_" + base64.b64encode(each).decode() for each in (seed, seed + public, seed + seed))
        assert public_key(short) == public_key(long)
        assert signature("a", 1, b"", [short]) == signature("a", 1, b"", [long])
        assert check_secret(wrong) == "the public key behind the private key is not its own"

    def test_an_hmac_secret_has_no_public_key(self) -> None:
        assert public_key(make_secret(Scheme.HMAC)) is None


class TestRotation:
    def test_a_receiver_with_either_secret_can_verify_during_a_rotation(self) -> None:
        new, old = make_secret(Scheme.HMAC), make_secret(Scheme.HMAC)
        sent = headers(BODY, new, old)
        assert len(sent["webhook-signature"].split(" ")) == 2
        for secret in (new, old):
            assert Webhook(secret).verify(BODY, sent)["type"] == "order.shipped"

    def test_a_rotation_can_change_the_scheme(self) -> None:
        old = make_secret(Scheme.HMAC)
        sent = headers(BODY, make_secret(Scheme.ED25519), old)
        assert [each.partition(",")[0] for each in sent["webhook-signature"].split(" ")] == ["v1a", "v1"]
        assert Webhook(old).verify(BODY, sent)["type"] == "order.shipped"

    def test_without_secrets_the_signature_is_empty(self) -> None:
        assert signature("evt_1", 1, BODY, []) == ""


class TestSecrets:
    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_generated_secrets_are_valid_and_unique(self, scheme: Scheme) -> None:
        secrets = {make_secret(scheme) for _ in range(20)}
        assert len(secrets) == 20
        assert [check_secret(each) for each in secrets] == [None] * 20

    @pytest.mark.parametrize("count", [24, 32, 64])
    def test_secrets_of_the_standards_length_are_valid(self, count: int) -> None:
        assert check_secret("whsec_" + base(count)) is None

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "begins with"),
            ("hunter2", "begins with"),
            ("WHSEC_" + base(32), "begins with"),
            ("whsec_", "24 to 64 bytes, not 0"),
            ("whsec_" + base(23), "24 to 64 bytes, not 23"),
            ("whsec_" + base(65), "24 to 64 bytes, not 65"),
            ("whsec_" + base(32).rstrip("="), "base64"),
            ("whsec_" + base(32) + "\n", "base64"),
            ("whsec_ü" + base(32), "base64"),
            ("whsec_" + base(30).replace("A", "-"), "base64"),
            ("whsk_" + base(31), "has 32 bytes"),
            ("whsk_" + base(33), "has 32 bytes"),
            ("whpk_" + base(32), "public key"),
        ],
    )
    def test_an_invalid_secret_is_refused_with_a_reason(self, text: str, reason: str) -> None:
        refusal = check_secret(text)
        assert refusal is not None
        assert reason in refusal
        assert len(text) < 8 or text not in refusal
        with pytest.raises(ValueError, match=reason):
            signature("evt_1", 1, BODY, [text])

    @pytest.mark.parametrize("message_id", ["", "a.b"])
    def test_a_message_id_that_makes_the_signed_content_ambiguous_is_refused(self, message_id: str) -> None:
        with pytest.raises(ValueError, match="message id"):
            signature(message_id, 1, BODY, [make_secret(Scheme.HMAC)])
