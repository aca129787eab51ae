"""Tokens of an identity provider: only its own, for us, and while they run."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from sealift.presigner.auth import RefusedError
from sealift.presigner.auth_jwt import JwtAuth
from sealift.presigner.exchange import Request
from sealift.presigner.opening import open_presigner
from sealift.presigner.options import load_options
from tests.presigner.rig import NOW

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = Ed25519PrivateKey.generate()
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {
    "keys": [
        {**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa", "alg": "RS256"},
        {**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "ec", "alg": "ES256"},
        {**OKPAlgorithm.to_jwk(ED.public_key(), as_dict=True), "kid": "ed", "alg": "EdDSA"},
    ]
}
GOOD = {"iss": "https://idp.example", "aud": "sealift", "sub": "dev001", "exp": NOW + 600}


def token(key: Any = RSA, *, alg: str = "RS256", kid: str | None = "rsa", **changes: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return jwt.encode(claims, key, algorithm=alg, headers={"kid": kid} if kid else None)


def asked_with(text: str) -> Request:
    return Request(method="POST", path="/ingest/new", headers={"authorization": f"Bearer {text}"})


def auth(fetch: Callable[[], Any] = lambda: KEYS, **more: Any) -> JwtAuth:
    return JwtAuth(fetch, issuer="https://idp.example", audience="sealift", **more)


@pytest.mark.parametrize(
    "text",
    [
        token(),
        token(EC, alg="ES256", kid="ec"),
        token(ED, alg="EdDSA", kid="ed"),
        token(aud=["other", "sealift"]),
        token(nbf=NOW + 50, iat=NOW + 50),
        token(exp=NOW - 50),
    ],
    ids=range(6),
)
def test_the_provider_s_token_proves_its_device(text: str) -> None:
    assert auth().device(asked_with(text), NOW) == "dev001"


def public_key_as_secret() -> str:
    """The classic: a public key taken for the secret of an HMAC."""
    secret = KEYS["keys"][0]["n"]
    return jwt.encode(GOOD, secret, algorithm="HS256", headers={"kid": "rsa"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (token(STRANGER), "token refused: InvalidSignatureError"),
        (token(STRANGER, kid="other"), "token of an unknown key"),
        (token(kid=None), "token of an unknown key"),
        (token(EC, alg="ES256", kid="rsa"), "token refused"),
        (jwt.encode(GOOD, None, algorithm="none", headers={"kid": "rsa"}), "another algorithm"),
        (public_key_as_secret(), "another algorithm"),
        (token(RSA, alg="RS512"), "another algorithm"),
        (token(iss="https://idp.example.evil"), "InvalidIssuerError"),
        (token(iss=...), "MissingRequiredClaimError"),
        (token(aud="other"), "InvalidAudienceError"),
        (token(aud=...), "MissingRequiredClaimError"),
        (token(exp=...), "MissingRequiredClaimError"),
        (token(exp=NOW - 61), "token is over"),
        (token(nbf=NOW + 61), "token is not good yet"),
        (token(iat=NOW + 61), "token is not good yet"),
        (token(exp="soon"), "malformed claims"),
        (token(sub=...), "without the claim sub"),
        (token(sub=""), "without the claim sub"),
        (token(sub="lost"), "revoked"),
        ("x", "token refused"),
        ("a.b.c", "token refused"),
        ("a" * 9000, "malformed credentials"),
    ],
    ids=range(22),
)
def test_any_other_token_proves_nothing(text: str, reason: str) -> None:
    with pytest.raises(RefusedError) as refused:
        auth(revoked=["lost"]).device(asked_with(text), NOW)
    assert reason in refused.value.reason


def test_new_keys_are_fetched_but_not_for_every_stranger() -> None:
    fetched = []

    def fetch() -> Any:
        fetched.append(1)
        if len(fetched) == 1:
            return {"keys": KEYS["keys"][:1]}
        if len(fetched) == 2:
            raise OSError
        return KEYS

    checking = auth(fetch)
    assert checking.device(asked_with(token()), NOW) == "dev001"
    new = asked_with(token(EC, alg="ES256", kid="ec", exp=NOW + 9999))
    for after, asked in ((1, 1), (301, 2), (400, 2)):
        with pytest.raises(RefusedError):
            checking.device(new, NOW + after)
        assert len(fetched) == asked
    assert checking.device(new, NOW + 602) == "dev001"
    assert len(fetched) == 3
    assert checking.device(asked_with(token(exp=NOW + 9999)), NOW + 900) == "dev001"


def test_the_key_set_may_be_a_file_and_the_claim_another(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    environ = {
        "SEALIFT_PRESIGNER__BUCKET": "inbox",
        "SEALIFT_PRESIGNER__REGION": "us-west-2",
        "SEALIFT_PRESIGNER__AUTH": "jwt",
        "SEALIFT_PRESIGNER__JWT_ISSUER": GOOD["iss"],
        "SEALIFT_PRESIGNER__JWT_AUDIENCE": GOOD["aud"],
        "SEALIFT_PRESIGNER__JWT_CLAIM": "device",
        "SEALIFT_PRESIGNER__JWT_KEYS": str(tmp_path / "keys.json"),
        "SEALIFT_PRESIGNER__ACCESS_KEY_ID": "A",
        "SEALIFT_PRESIGNER__SECRET_ACCESS_KEY": "s",
    }
    written: list[bytes] = []
    presigner = open_presigner(load_options(None, environ), write_audit=written.append)
    text = token(device="dev009", exp=time.time() + 60)
    request = asked_with(text)._replace(body=b'{"filename": "a"}')
    assert presigner.may_block(request)
    answer = presigner.answer(request)
    assert json.loads(answer.body)["key"].startswith("uploads/dev009/")
    assert text.encode() not in b"".join(written)
