"""Which media type an answer has: RFC 9110, section 12.5.1, by quality and then in the client's order."""

from collections.abc import Sequence
from functools import lru_cache

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
HTML = "text/html"
EVENTS = "text/event-stream"
LONGEST = 2_000


@lru_cache(maxsize=512)
def chosen(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered type that this Accept header likes best; the first without a header, None where none is acceptable."""
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept[:LONGEST].split(",")]
    best: tuple[float, int, int] | None = None
    answer = None
    for rank, media_type in enumerate(offered):
        matches = [
            (specificity, quality, -place)
            for place, (pattern, quality) in enumerate(ranges)
            if (specificity := _specificity(pattern, media_type))
        ]
        if not matches:
            continue
        _, quality, place = max(matches)
        if quality > 0 and (best is None or (quality, place, -rank) > best):
            best, answer = (quality, place, -rank), media_type
    return answer


def _range(part: str) -> tuple[str, float]:
    pattern, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return pattern, quality


def _specificity(pattern: str, media_type: str) -> int:
    if pattern == media_type:
        return 3
    if pattern == media_type.split("/")[0] + "/*":
        return 2
    return int(pattern == "*/*")
