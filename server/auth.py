"""Who sends a request: bearer tokens (JWT, RFC 7519 and 8725), verified with the keys of a JWKS URL or with development's own."""

import asyncio
import logging
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import jwt
from jwt import PyJWK, PyJWKClient

from server.errors import Unauthorized, Unavailable

LEEWAY = 3.0  # seconds that clocks may differ
LONGEST_TOKEN = 8_192
LONGEST_SUBJECT = 255
KEPT = 10_000  # verified tokens

DEVELOPMENT_ISSUER = "chorus-development"
DEVELOPMENT_SECONDS = 30 * 86_400.0

# RFC 8725, section 3.1: what may verify a token follows from the key, never from the token. Symmetric keys have no place in a JWKS.
ASYMMETRIC = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "Ed448")
)
FRESH = 300.0  # seconds until the keys of a URL are fetched again
STALE = 86_400.0  # seconds that keys still verify while their URL does not answer
PAUSE = 30.0  # seconds between two fetches, however many tokens name unknown keys
FETCH_TIMEOUT = 10.0

MESSAGES: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired; sign in again."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAudienceError, "The token is for another audience."),
    (jwt.InvalidIssuerError, "The token is from another issuer."),
    (jwt.InvalidAlgorithmError, "The token is signed with an algorithm that its key does not allow."),
    (jwt.InvalidSignatureError, "The signature of the token is not valid."),
)

logger = logging.getLogger("chorus.server")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: whose it is, until when (seconds since 1970) it holds, and since when; 0 where it does not say so."""

    subject: str
    expires_at: float
    issued_at: float = 0.0


class Keys(Protocol):
    """Where the keys of tokens come from."""

    async def find(self, name: str | None) -> PyJWK:
        """The key of this name (a token's `kid`); raises Unauthorized or Unavailable."""
        ...


class Tokens:
    """Verifies tokens; those that were found good are remembered until they expire. Without an issuer any will do."""

    def __init__(self, keys: Keys, *, issuer: str | None, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._verified: OrderedDict[str, Claims] = OrderedDict()

    async def claims(self, authorization: str | None) -> Claims | None:
        """The claims of an Authorization header, None without one; raises Unauthorized."""
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise refused("Sign in with `Authorization: Bearer <token>`.")
        return await self.verify(token.strip())

    async def verify(self, token: str) -> Claims:
        """The claims of this token; raises Unauthorized."""
        known = self._verified.get(token)
        if known is None:
            known = await self._verify(token)
            self._verified[token] = known
            if len(self._verified) > KEPT:
                self._verified.popitem(last=False)
        if known.expires_at <= time.time():
            del self._verified[token]
            raise refused(MESSAGES[0][1])
        return known

    async def _verify(self, token: str) -> Claims:
        if not token or len(token) > LONGEST_TOKEN:
            raise refused(f"A token is a JWT of at most {LONGEST_TOKEN} characters.")
        try:
            header = jwt.get_unverified_header(token)
            if str(header.get("alg", "none")).lower() == "none":
                raise refused("The token is not signed.")
            key = await self._keys.find(header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["exp", "sub", "aud", "iss"]},
            )
            return Claims(_subject(claims), float(claims["exp"]) + LEEWAY, float(claims.get("iat", 0)))
        except jwt.MissingRequiredClaimError as error:
            raise refused(f"The token lacks the claim `{error.claim}`.") from None
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError) as error:
            words = (words for kind, words in MESSAGES if isinstance(error, kind))
            raise refused(next(words, "The token is not a valid JWT.")) from None


class DevelopmentKeys:
    """Keys derived from the secrets that sign cursors too, so that neither can stand in for the other."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = dict(map(_development_key, secrets))

    async def find(self, name: str | None) -> PyJWK:
        """The key of this name."""
        key = self._keys.get(name or "")
        if key is None:
            raise refused("The token is signed with a key that is not known.")
        return key


def mint(secret: str, subject: str, *, audience: str, seconds: float = DEVELOPMENT_SECONDS) -> str:
    """A token for development: it says that its bearer is `subject` (at most 255 printable characters)."""
    name, key = _development_key(secret)
    now = time.time()
    claims = {"iss": DEVELOPMENT_ISSUER, "aud": audience, "sub": subject, "iat": int(now), "exp": int(now + seconds)}
    return jwt.encode({**claims, "sub": _subject(claims)}, key, headers={"kid": name})


class RemoteKeys:
    """The keys of a JWKS URL: fetched beside the loop, kept while the URL does not answer, asked for again for a key never seen."""

    def __init__(self, url: str) -> None:
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_TIMEOUT)
        self._keys: dict[str | None, PyJWK] = {}
        self._fetched = self._tried = time.monotonic() - STALE
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, name: str | None) -> PyJWK:
        """The key of this name; without a name the only key there is."""
        key = self._named(name)
        if key is None or self._age() > FRESH:
            self._fetch()
        if key is None and self._fetching is not None:
            # Shielded: who gives up must not take the keys from those who wait with him.
            await asyncio.shield(self._fetching)
            key = self._named(name)
        if key is None and self._age() >= STALE:
            raise Unavailable("The keys that verify tokens cannot be fetched at the moment; try again.")
        if key is None:
            raise refused("The token is signed with a key that is not known.")
        return key

    def _age(self) -> float:
        return time.monotonic() - self._fetched

    def _named(self, name: str | None) -> PyJWK | None:
        if self._age() >= STALE:
            return None
        if name is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(name)

    def _fetch(self) -> None:
        if self._fetching is None and time.monotonic() - self._tried >= PAUSE:
            self._tried = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch_now())

    async def _fetch_now(self) -> None:
        try:
            found = await asyncio.to_thread(self._client.get_jwk_set)
            self._keys = {key.key_id: key for key in found.keys if key.algorithm_name in ASYMMETRIC}
            self._fetched = time.monotonic()
        except (jwt.PyJWTError, OSError, ValueError) as error:
            logger.warning("The keys of tokens cannot be fetched from %s: %s", self._client.uri, error)
        finally:
            self._fetching = None


def refused(message: str) -> Unauthorized:
    """The error for a token that is not good, with the challenge of RFC 6750, section 3."""
    challenge = f'Bearer realm="chorus", error="invalid_token", error_description="{message}"'
    return Unauthorized(message, headers=[(b"www-authenticate", challenge.encode("ascii"))])


def _subject(claims: dict[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise refused(f"The subject of the token is not a text of 1 to {LONGEST_SUBJECT} printable characters.")
    return subject


def _development_key(secret: str) -> tuple[str, PyJWK]:
    key = blake2b(secret.encode(), digest_size=32, person=b"chorus tokens").digest()
    encoded = urlsafe_b64encode(key).rstrip(b"=").decode()
    return blake2b(key, digest_size=6).hexdigest(), PyJWK({"kty": "oct", "k": encoded, "alg": "HS256"})
