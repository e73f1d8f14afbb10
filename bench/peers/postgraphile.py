"""The four queries in the words of PostGraphile's own schema, and its answers in Chorus's shape."""

from typing import Any

from bench.queries import Query, Variables, numbered

Q1 = """query ($id: BigInt!) { sound(rowId: $id) {
  rowId title kind durationMs creator { rowId handle displayName }
  videoCount creatorCount videos(first: %d, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
    nodes { rowId caption createdAt viewCount likeCount creator { rowId handle displayName avatarUrl verified } }
    pageInfo { hasNextPage endCursor } } } }"""
Q2 = """query { trendingSounds(span: "WEEK", kind: "POPULAR", most: %d) { nodes {
  rank score
  sound { rowId title creator { rowId handle displayName }
    track { rowId title credits(orderBy: [POSITION_ASC]) { nodes { artist { rowId name } } } } } } } }"""
Q3 = """query ($id: BigInt!) { playlist(rowId: $id) {
  rowId title owner { rowId handle }
  entries(first: %d, orderBy: [SORT_KEY_ASC]) { nodes { addedAt
    track { rowId title durationMs credits(orderBy: [POSITION_ASC]) { nodes { artist { rowId name } } } }
    sound { rowId title status } } } } }"""
Q4 = """query ($ids: [BigInt!]!) { soundsByIds(ids: $ids) { nodes {
  rowId title videos(first: %d, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) {
    nodes { rowId caption creator { rowId handle displayName } } } } } }"""
DOCUMENTS = {"Q1": Q1, "Q2": Q2, "Q3": Q3, "Q4": Q4}


def operation(query: Query, variables: Variables) -> Any:
    """What is posted."""
    return {"query": DOCUMENTS[query.name] % query.first, "variables": numbered(variables)}


def read(query: Query, answer: Any) -> Any:
    """The same facts in Chorus's shape."""
    plain = _plain(answer["data"])
    if query.name == "Q1":
        return {"sound": _gathered(plain["sound"])}
    if query.name == "Q2":
        return {"trendingSounds": {"edges": [_entry(edge["node"]) for edge in plain["trendingSounds"]["edges"]]}}
    if query.name == "Q3":
        playlist = plain["playlist"]
        edges = [_placed(edge["node"]) for edge in playlist.pop("entries")["edges"]]
        return {"playlist": {**playlist, "items": {"edges": edges}}}
    return {"nodes": [_gathered(edge["node"]) for edge in plain["soundsByIds"]["edges"]]}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    plain = {"id" if name == "rowId" else name: _plain(inner) for name, inner in value.items()}
    if "nodes" in plain:
        plain["edges"] = [{"node": node} for node in plain.pop("nodes")]
    return plain


def _gathered(sound: dict[str, Any]) -> dict[str, Any]:
    community = {name: sound.pop(name) for name in ("videoCount", "creatorCount", "videos") if name in sound}
    return {**sound, "community": community}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    sound = entry["sound"]
    return {
        "rank": entry["rank"],
        "trend": {"score": entry["score"]},
        "node": {**sound, "track": sound["track"] and _credited(sound["track"])},
    }


def _credited(track: dict[str, Any]) -> dict[str, Any]:
    artists = [edge["node"] for edge in track.pop("credits")["edges"]]
    return {**track, "artists": artists}


def _placed(entry: dict[str, Any]) -> dict[str, Any]:
    node = None
    if entry["track"]:
        node = {"__typename": "Track", **_credited(entry["track"])}
    elif entry["sound"] and entry["sound"].pop("status") != "REMOVED":
        node = {"__typename": "Sound", **entry["sound"]}
    return {"addedAt": entry["addedAt"], "node": node}
