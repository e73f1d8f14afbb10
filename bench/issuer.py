"""Who signs the tokens: an issuer of the bench's own, because in production Chorus makes none itself."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

ISSUER = "chorus-bench"
HOURS = 12


@dataclass(frozen=True)
class Issuer:
    """Where its keys are, and the tokens by their subjects."""

    jwks_url: str
    tokens: dict[str, str]

    @property
    def token(self) -> str:
        """Of the first, or the one viewer."""
        return next(iter(self.tokens.values()))


@contextmanager
def issuer(*subjects: str) -> Iterator[Issuer]:
    """Publishes its key for the time of the block."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "bench", "alg": "ES256", "use": "sig"}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(json.dumps({"keys": [public]}).encode()))
    Thread(target=server.serve_forever, daemon=True).start()
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "chorus", "iat": now, "exp": now + HOURS * 3600}
    try:
        tokens = {
            subject: jwt.encode(claims | {"sub": subject}, key, algorithm="ES256", headers={"kid": "bench"})
            for subject in subjects
        }
        yield Issuer(f"http://127.0.0.1:{server.server_port}/keys", tokens)
    finally:
        server.shutdown()


def _answering(body: bytes) -> type[BaseHTTPRequestHandler]:
    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: standard error is the bench's."""

    return Keys
