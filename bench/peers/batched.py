"""By hand: a few joined and batched statements a request, dicts, orjson; no GraphQL, no viewer. What a good engineer writes for exactly these four."""

import asyncio
from base64 import urlsafe_b64encode
from typing import Any

import orjson

from bench.peers.asgi import Kept, serve
from bench.queries import number

CREATOR = "u.id as creator_id, u.handle, u.display_name"
STATEMENTS = {
    "sound": f"""
        select s.id, s.title, s.kind, s.duration_ms, s.video_count, s.creator_count, {CREATOR}
        from sounds s left join users u on u.id = s.creator_id and u.status = 'ACTIVE' where s.id = $1""",
    "videos": f"""
        select v.id, v.caption, v.created_at, v.view_count, v.like_count, {CREATOR}, u.avatar_url, u.verified
        from (select * from videos where sound_id = $1 and not hidden order by created_at desc, id desc limit $2) v
        join users u on u.id = v.creator_id order by v.created_at desc, v.id desc""",
    "chart": """
        select sound_ids[:$1] as sound_ids, scores[:$1] as scores from chart_versions
        where region = 'GLOBAL' and niche_id = 0 and "window" = 'WEEK' and kind = 'POPULAR' order by version desc limit 1""",
    "chart_sounds": f"""
        select s.id, s.title, s.track_id, t.title as track_title, {CREATOR}
        from sounds s left join users u on u.id = s.creator_id and u.status = 'ACTIVE' left join tracks t on t.id = s.track_id
        where s.id = any($1::bigint[]) and s.status = 'ACTIVE'""",
    "artists": """
        select c.track_id, a.id, a.name from track_credits c join artists a on a.id = c.artist_id
        where c.track_id = any($1::bigint[]) order by c.track_id, c.position""",
    "playlist": """
        select p.id, p.title, u.id as owner_id, u.handle
        from playlists p join users u on u.id = p.owner_id and u.status = 'ACTIVE' where p.id = $1 and p.visibility = 'PUBLIC'""",
    "entries": """
        select i.added_at, i.kind, t.id as track_id, t.title, t.duration_ms, s.id as sound_id, s.title as sound_title
        from (select * from playlist_items where playlist_id = $1 order by sort_key limit $2) i
        left join tracks t on i.kind = 'TRACK' and t.id = i.entry_id
        left join sounds s on i.kind = 'SOUND' and s.id = i.entry_id and s.status <> 'REMOVED'
        order by i.sort_key""",
    "sounds": "select id, title, status from sounds where id = any($1::bigint[])",
    "videos_of_sounds": f"""
        select v.sound_id, v.id, v.caption, {CREATOR} from unnest($1::bigint[]) wanted(id) cross join lateral (
            select * from videos where sound_id = wanted.id and not hidden order by created_at desc, id desc limit $2) v
        join users u on u.id = v.creator_id order by v.sound_id, v.created_at desc, v.id desc""",
}


async def sound_page(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q1: both statements at once."""
    key, first = number(asked["id"]), asked["first"]
    found, videos = await asyncio.gather(kept.fetch("sound", key), kept.fetch("videos", key, first + 1))
    if not found:
        return _json({"sound": None})
    (sound,) = found
    page = videos[:first]
    edges = [{"node": _video(sound["id"], video)} for video in page]
    cursor = urlsafe_b64encode(f"{page[-1]['created_at']}|{page[-1]['id']}".encode()).decode() if page else None
    community = {
        "videoCount": sound["video_count"],
        "creatorCount": sound["creator_count"],
        "videos": {"edges": edges, "pageInfo": {"hasNextPage": len(videos) > first, "endCursor": cursor}},
    }
    kind, duration = sound["kind"], sound["duration_ms"]
    head = {"id": f"sound_{sound['id']}", "title": sound["title"], "kind": kind, "durationMs": duration}
    return _json({"sound": {**head, "creator": _creator(sound), "community": community}})


def _video(sound_id: int, video: Any) -> dict[str, Any]:
    return {
        "id": f"video_{sound_id}_{video['id']}",
        "caption": video["caption"],
        "createdAt": video["created_at"],
        "viewCount": video["view_count"],
        "likeCount": video["like_count"],
        "creator": {
            "id": f"user_{video['creator_id']}",
            "handle": video["handle"],
            "displayName": video["display_name"],
            "avatarUrl": video["avatar_url"],
            "verified": video["verified"],
        },
    }


async def chart(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q2: the chart, its sounds, then the artists of their tracks."""
    ((sound_ids, scores),) = await kept.fetch("chart", asked["first"])
    sounds = {row["id"]: row for row in await kept.fetch("chart_sounds", sound_ids)}
    tracks = {row["track_id"] for row in sounds.values()} - {None}
    artists = await _artists(kept, list(tracks))
    edges = [
        {"rank": rank, "trend": {"score": score}, "node": _charted(sounds.get(sound_id), artists)}
        for rank, (sound_id, score) in enumerate(zip(sound_ids, scores, strict=True), 1)
    ]
    return _json({"trendingSounds": {"edges": edges}})


def _charted(sound: Any, artists: dict[int, list[Any]]) -> dict[str, Any] | None:
    if sound is None:
        return None
    track_id = sound["track_id"]
    track = track_id and {
        "id": f"track_{track_id}",
        "title": sound["track_title"],
        "artists": artists.get(track_id, []),
    }
    return {"id": f"sound_{sound['id']}", "title": sound["title"], "creator": _creator(sound), "track": track}


async def playlist(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q3: the playlist and its entries at once, then the artists."""
    key = number(asked["id"])
    found, entries = await asyncio.gather(kept.fetch("playlist", key), kept.fetch("entries", key, asked["first"]))
    if not found:
        return _json({"playlist": None})
    (row,) = found
    artists = await _artists(kept, list({entry["track_id"] for entry in entries} - {None}))
    edges = [{"addedAt": entry["added_at"], "node": _entry(entry, artists)} for entry in entries]
    owner = {"id": f"user_{row['owner_id']}", "handle": row["handle"]}
    whole = {"id": f"playlist_{row['id']}", "title": row["title"], "owner": owner, "items": {"edges": edges}}
    return _json({"playlist": whole})


def _entry(entry: Any, artists: dict[int, list[Any]]) -> dict[str, Any] | None:
    track_id, sound_id = entry["track_id"], entry["sound_id"]
    if track_id is not None:
        return {
            "__typename": "Track",
            "id": f"track_{track_id}",
            "title": entry["title"],
            "durationMs": entry["duration_ms"],
            "artists": artists.get(track_id, []),
        }
    if sound_id is not None:
        return {"__typename": "Sound", "id": f"sound_{sound_id}", "title": entry["sound_title"]}
    return None


async def nodes(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q4: the sounds and all their videos at once."""
    keys = [number(name) for name in asked["ids"]]
    found, videos = await asyncio.gather(
        kept.fetch("sounds", keys), kept.fetch("videos_of_sounds", keys, asked["first"])
    )
    sounds = {row["id"]: row for row in found}
    edges: dict[int, list[Any]] = {key: [] for key in keys}
    for video in videos:
        sound_id = video["sound_id"]
        node = {"id": f"video_{sound_id}_{video['id']}", "caption": video["caption"], "creator": _creator(video)}
        edges[sound_id].append({"node": node})
    return _json({"nodes": [_sound(sounds.get(key), edges[key]) for key in keys]})


def _sound(sound: Any, edges: list[Any]) -> dict[str, Any] | None:
    if sound is None:
        return None
    shown = [] if sound["status"] == "REMOVED" else edges
    return {"id": f"sound_{sound['id']}", "title": sound["title"], "community": {"videos": {"edges": shown}}}


async def _artists(kept: Kept, tracks: list[int]) -> dict[int, list[Any]]:
    artists: dict[int, list[Any]] = {}
    for row in await kept.fetch("artists", tracks):
        artist = {"artist": {"id": f"artist_{row['id']}", "name": row["name"]}}
        artists.setdefault(row["track_id"], []).append(artist)
    return artists


def _creator(row: Any) -> dict[str, Any] | None:
    if row["creator_id"] is None:
        return None
    return {"id": f"user_{row['creator_id']}", "handle": row["handle"], "displayName": row["display_name"]}


def _json(answer: dict[str, Any]) -> bytes:
    return orjson.dumps({"data": answer}, option=orjson.OPT_UTC_Z)


if __name__ == "__main__":
    serve(STATEMENTS, {"/Q1": sound_page, "/Q2": chart, "/Q3": playlist, "/Q4": nodes})
