"""Tokens: what is verified with which key, and each way in which a token can be no good."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from server import auth
from server.auth import DevelopmentKeys, RemoteKeys, Tokens, mint
from server.errors import Unauthorized, Unavailable
from tests.server.door import SECRET, Door, bearer, tokens

ISSUER = "https://login.example"
AUDIENCE = "chorus"


@dataclass
class Issuer:
    """A server of keys, and what it knows."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=list)
    answers: int = 0
    status: int = 200


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    state = Issuer()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answers += 1
            body = json.dumps({"keys": state.keys}).encode()
            self.send_response(state.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public(name: str, key: Any = RSA_KEY, **more: Any) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig", **more}


def signed(key: Any = RSA_KEY, algorithm: str = "RS256", kid: str | None = "one", **claims: Any) -> str:
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "auth0|7", "exp": time.time() + 60} | claims
    headers = {"kid": kid} if kid is not None else {}
    return jwt.encode({k: v for k, v in given.items() if v is not None}, key, algorithm, headers=headers)


async def refusal(verifier: Tokens, token: str) -> str:
    with pytest.raises(Unauthorized) as caught:
        await verifier.verify(token)
    ((name, challenge),) = caught.value.headers
    assert name == b"www-authenticate"
    assert challenge.startswith(b'Bearer realm="chorus", error="invalid_token"')
    return str(caught.value)


def remote(issuer: Issuer) -> Tokens:
    return Tokens(RemoteKeys(issuer.url), issuer=ISSUER, audience=AUDIENCE)


async def test_development_tokens_are_good_for_development_only() -> None:
    began = time.time()
    claims = await tokens().claims(bearer("dev|mira"))
    assert claims is not None
    assert claims.subject == "dev|mira"
    assert began + 59 < claims.expires_at - auth.LEEWAY <= time.time() + 60
    elsewhere = Tokens(
        DevelopmentKeys(["another secret of more than thirty-two characters"]), issuer=None, audience="chorus"
    )
    assert "not known" in await refusal(elsewhere, bearer().removeprefix("Bearer "))


async def test_a_replaced_secret_still_verifies_what_it_signed() -> None:
    both = Tokens(
        DevelopmentKeys(["a new secret of more than thirty-two characters", SECRET]), issuer=None, audience="chorus"
    )
    assert (await both.verify(mint(SECRET, "somebody", audience="chorus"))).subject == "somebody"


async def test_no_header_is_a_stranger() -> None:
    assert await tokens().claims(None) is None


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY])
async def test_tokens_of_the_issuer_are_verified_with_its_keys(issuer: Issuer, key: Any) -> None:
    issuer.keys = [public("other", rsa.generate_private_key(public_exponent=65537, key_size=2048)), public("one", key)]
    token = signed(key, "ES256" if key is EC_KEY else "RS256")
    verifier = remote(issuer)
    assert (await verifier.verify(token)).subject == "auth0|7"
    await verifier.verify(token)
    await verifier.verify(signed(key, "ES256" if key is EC_KEY else "RS256", sub="another"))
    assert issuer.answers == 1


async def test_a_token_that_names_no_key_is_good_where_there_is_only_one(issuer: Issuer) -> None:
    issuer.keys = [public("one")]
    assert (await remote(issuer).verify(signed(kid=None))).subject == "auth0|7"
    issuer.keys.append(public("two", EC_KEY))
    assert "not known" in await refusal(remote(issuer), signed(kid=None))


def pem() -> bytes:
    return RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def forged(header: dict[str, Any], key: bytes | None) -> str:
    # As an attacker makes it, since PyJWT refuses to sign with a public key.
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "admin", "exp": int(time.time()) + 60}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = b""
    if key is not None:
        signature = base64.urlsafe_b64encode(hmac.digest(key, b".".join(parts), hashlib.sha256)).rstrip(b"=")
    return b".".join([*parts, signature]).decode()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: forged({"alg": "none", "kid": "one"}, None), "not signed"),
        (lambda: forged({"alg": "NoNe"}, None), "not signed"),
        (lambda: forged({"kid": "one"}, None), "not signed"),
        (lambda: forged({"alg": "HS256", "kid": "one"}, pem()), "algorithm that its key does not allow"),
        (lambda: forged({"alg": "HS256", "kid": "one"}, json.dumps(public("one")).encode()), "algorithm that its key"),
        (lambda: signed(algorithm="RS512"), "algorithm that its key does not allow"),
        (lambda: signed(algorithm="PS256"), "algorithm that its key does not allow"),
        (lambda: signed(EC_KEY, "ES256"), "algorithm that its key does not allow"),
        (lambda: signed(rsa.generate_private_key(public_exponent=65537, key_size=2048)), "signature"),
        (lambda: signed(exp=time.time() - 60), "expired"),
        (lambda: signed(nbf=time.time() + 60), "not valid yet"),
        (lambda: signed(iat=time.time() + 60), "not valid yet"),
        (lambda: signed(aud="another"), "another audience"),
        (lambda: signed(aud=["another", "yet another"]), "another audience"),
        (lambda: signed(iss="https://evil.example"), "another issuer"),
        (lambda: signed(exp=None), "lacks the claim `exp`"),
        (lambda: signed(sub=None), "lacks the claim `sub`"),
        (lambda: signed(aud=None), "lacks the claim `aud`"),
        (lambda: signed(iss=None), "lacks the claim `iss`"),
        (lambda: signed(sub=""), "subject"),
        (lambda: signed(sub="a\0b"), "subject"),
        (lambda: signed(sub="\ud800"), "subject"),
        (lambda: signed(sub="x" * 300), "subject"),
        (lambda: signed(kid="unknown"), "not known"),
        (lambda: signed()[:-4] + "AAAA", "signature"),
        (lambda: signed()[:-1], "not a valid JWT"),
        (lambda: signed() + ".x", "not a valid JWT"),
        (lambda: "", "at most 8192 characters"),
        (lambda: "x" * 10_000, "at most 8192 characters"),
        (lambda: "not.a.token", "not a valid JWT"),
        (lambda: "ünïcödé", "not a valid JWT"),
        (lambda: base64.urlsafe_b64encode(b"[" * 4000).decode() + ".e30.x", "not a valid JWT"),
    ],
)
async def test_no_good_token_is_taken(issuer: Issuer, make: Callable[[], str], message: str) -> None:
    issuer.keys = [public("one")]
    assert message in await refusal(remote(issuer), make())


async def test_several_audiences_may_be_named(issuer: Issuer) -> None:
    issuer.keys = [public("one")]
    assert (await remote(issuer).verify(signed(aud=["another", AUDIENCE]))).subject == "auth0|7"


async def test_symmetric_keys_of_an_issuer_are_ignored(issuer: Issuer) -> None:
    secret = b"a secret that everybody reads at the address of the keys"
    encoded = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    issuer.keys = [public("one"), {"kty": "oct", "k": encoded, "kid": "two", "alg": "HS256"}]
    assert "not known" in await refusal(remote(issuer), signed(secret, "HS256", kid="two"))


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_each_unknown_one(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.keys = [public("one")]
    verifier = remote(issuer)
    await verifier.verify(signed())
    for n in range(5):
        await refusal(verifier, signed(kid=f"unknown {n}"))
    assert issuer.answers == 1
    issuer.keys = [public("two", EC_KEY)]
    monkeypatch.setattr(auth, "PAUSE", 0.0)
    assert (await verifier.verify(signed(EC_KEY, "ES256", kid="two"))).subject == "auth0|7"
    assert issuer.answers == 2


async def test_keys_verify_on_while_their_address_does_not_answer(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.keys = [public("one")]
    verifier = remote(issuer)
    await verifier.verify(signed())
    issuer.status = 500
    monkeypatch.setattr(auth, "FRESH", 0.0)
    monkeypatch.setattr(auth, "PAUSE", 0.0)
    assert (await verifier.verify(signed(sub="another"))).subject == "another"
    await refusal(verifier, signed(kid="unknown"))
    assert "cannot be fetched" in caplog.text
    monkeypatch.setattr(auth, "STALE", 0.0)
    with pytest.raises(Unavailable):
        await verifier.verify(signed(sub="yet another"))


async def test_no_keys_at_all_is_our_fault_not_the_clients(issuer: Issuer) -> None:
    issuer.status = 503
    with pytest.raises(Unavailable):
        await remote(issuer).verify(signed())
    issuer.status, issuer.keys = 200, []
    with pytest.raises(Unavailable):
        await remote(issuer).verify(signed())


async def test_a_remembered_token_is_refused_once_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "LEEWAY", 0.0)
    verifier = tokens()
    token = mint(SECRET, "somebody", audience="chorus", seconds=60)
    await verifier.verify(token)
    monkeypatch.setattr(time, "time", lambda real=time.time: real() + 60)
    assert "expired" in await refusal(verifier, token)
    assert not verifier._verified


async def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "KEPT", 3)
    verifier = tokens()
    for n in range(5):
        await verifier.verify(mint(SECRET, f"somebody {n}", audience="chorus"))
    assert len(verifier._verified) == 3


def test_over_http_a_good_token_is_somebody_and_a_bad_one_401(door: Door) -> None:
    assert door.ask("{ viewer }").json() == {"data": {"viewer": None}}
    signed_in = door.ask("{ viewer }", headers={"authorization": bearer("mira"), "idempotency-key": "k"})
    assert signed_in.json() == {"data": {"viewer": "mira"}}
    assert door.seen.contexts[-1] == ("mira", "k")
    for header in (bearer(seconds=-60), "Bearer", "Bearer x", "Basic dXNlcjpwYXNz", "x", f"{bearer()}, {bearer()}"):
        response = door.ask("{ viewer }", headers={"authorization": header, "accept": "application/json"})
        (error,) = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert response.headers["www-authenticate"].startswith("Bearer ")
        assert "data" not in response.json()
    assert "expired" in door.ask("{ viewer }", headers={"authorization": bearer(seconds=-60)}).text
