"""GraphiQL for browsers, from our own origin: its built assets come with the install, the page and its examples stand in web/."""

from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

# A Django app that carries GraphiQL, React and graphql-ws as built files; its Python is never imported.
PACKAGE = "graphene_django_graphiql_static"
BUILT = (
    "graphiql.min.css",
    "graphiql.min.js",
    "graphql-ws.min.js",
    "react-dom.production.min.js",
    "react.production.min.js",
)
OWN = ("examples.graphql", "graphiql.css", "graphiql.js", "icon.svg")
MEDIA_TYPES = {
    ".css": "text/css",
    ".graphql": "application/graphql",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
WEB = Path(__file__).parent.parent / "web"

# Nothing but our own files, and neither script nor style in the page itself: GraphiQL's fonts and CodeMirror's marks are data: URLs in its style
# sheet, and what CodeMirror moves it moves through the CSSOM, which a policy lets pass. All that is lost is the dialogs' lock on scrolling, where
# nothing scrolls.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NOSNIFF = {"x-content-type-options": "nosniff"}


class MissingAsset(Exception):
    """A file of GraphiQL's page is not installed."""


class Page:
    """The page that a browser gets at /graphql."""

    def __init__(self) -> None:
        self._response = Response(
            _read(WEB / "graphiql.html"),
            media_type="text/html",
            headers=NOSNIFF
            | {
                "content-security-policy": POLICY,
                "referrer-policy": "no-referrer",
                "cache-control": "no-cache",
                "vary": "accept",
            },
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await self._response(scope, receive, send)


def assets() -> list[Route]:
    """The files that the page asks for, each under /graphiql/ and its name."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingAsset(f"GraphiQL needs the package {PACKAGE}, which is not installed.")
    built = Path(spec.origin).parent / "static" / PACKAGE
    return [_route(folder / name) for folder, names in ((built, BUILT), (WEB, OWN)) for name in names]


def _route(path: Path) -> Route:
    content = _read(path)
    media_type = MEDIA_TYPES[path.suffix]
    headers = NOSNIFF | {"cache-control": "no-cache", "etag": f'"{blake2b(content, digest_size=8).hexdigest()}"'}

    async def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type=media_type, headers=headers)

    return Route(f"/graphiql/{path.name}", answer)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingAsset(f"GraphiQL needs the file {path}: {error.strerror}.") from error
