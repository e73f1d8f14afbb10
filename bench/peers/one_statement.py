"""By hand: one statement a request, which builds the whole answer as JSON in Postgres; no GraphQL, no viewer."""

from typing import Any

from bench.peers.asgi import Kept, serve
from bench.queries import number

CREATOR = "json_build_object('id', 'user_' || u.id, 'handle', u.handle, 'displayName', u.display_name)"
MAYBE_CREATOR = f"case when u.id is not null then {CREATOR} end"
ARTISTS = """(select coalesce(json_agg(json_build_object('artist', json_build_object('id', 'artist_' || a.id, 'name', a.name)) order by c.position), '[]')
    from track_credits c join artists a on a.id = c.artist_id where c.track_id = t.id)"""
STATEMENTS = {
    "Q1": f"""
        select json_build_object('data', json_build_object('sound', (
            select json_build_object(
                'id', 'sound_' || s.id, 'title', s.title, 'kind', s.kind, 'durationMs', s.duration_ms, 'creator', {MAYBE_CREATOR},
                'community', json_build_object('videoCount', s.video_count, 'creatorCount', s.creator_count, 'videos', (
                    select json_build_object(
                        'edges', coalesce(json_agg(json_build_object('node', json_build_object(
                            'id', 'video_' || v.sound_id || '_' || v.id, 'caption', v.caption, 'createdAt', v.created_at,
                            'viewCount', v.view_count, 'likeCount', v.like_count,
                            'creator', json_build_object('id', 'user_' || u.id, 'handle', u.handle, 'displayName', u.display_name,
                                'avatarUrl', u.avatar_url, 'verified', u.verified))) order by place) filter (where place <= $2), '[]'),
                        'pageInfo', json_build_object('hasNextPage', count(*) > $2,
                            'endCursor', max(concat_ws('|', v.created_at, v.id)) filter (where place = least($2, seen))))
                    from (
                        select *, row_number() over () as place, count(*) over () as seen from (
                            select * from videos where sound_id = s.id and not hidden order by created_at desc, id desc limit $2::int + 1) cut) v
                    join users u on u.id = v.creator_id)))
            from sounds s left join users u on u.id = s.creator_id and u.status = 'ACTIVE' where s.id = $1)))::text""",
    "Q2": f"""
        select json_build_object('data', json_build_object('trendingSounds', json_build_object('edges', (
            select coalesce(json_agg(json_build_object('rank', rank, 'trend', json_build_object('score', score), 'node',
                case when s.id is not null then json_build_object('id', 'sound_' || s.id, 'title', s.title, 'creator', {MAYBE_CREATOR},
                    'track', case when t.id is not null then json_build_object('id', 'track_' || t.id, 'title', t.title, 'artists', {ARTISTS}) end)
                end) order by rank), '[]')
            from (
                select sound_ids[:$1::int] as sound_ids, scores[:$1::int] as scores from chart_versions
                where region = 'GLOBAL' and niche_id = 0 and "window" = 'WEEK' and kind = 'POPULAR' order by version desc limit 1) chart
            cross join unnest(sound_ids, scores) with ordinality entry(sound_id, score, rank)
            left join sounds s on s.id = entry.sound_id and s.status = 'ACTIVE'
            left join users u on u.id = s.creator_id and u.status = 'ACTIVE'
            left join tracks t on t.id = s.track_id))))::text""",
    "Q3": f"""
        select json_build_object('data', json_build_object('playlist', (
            select json_build_object('id', 'playlist_' || p.id, 'title', p.title,
                'owner', json_build_object('id', 'user_' || u.id, 'handle', u.handle),
                'items', json_build_object('edges', (
                    select coalesce(json_agg(json_build_object('addedAt', i.added_at, 'node', case
                        when t.id is not null then json_build_object('__typename', 'Track', 'id', 'track_' || t.id, 'title', t.title,
                            'durationMs', t.duration_ms, 'artists', {ARTISTS})
                        when s.id is not null then json_build_object('__typename', 'Sound', 'id', 'sound_' || s.id, 'title', s.title)
                        end) order by i.sort_key), '[]')
                    from (select * from playlist_items where playlist_id = p.id order by sort_key limit $2) i
                    left join tracks t on i.kind = 'TRACK' and t.id = i.entry_id
                    left join sounds s on i.kind = 'SOUND' and s.id = i.entry_id and s.status <> 'REMOVED')))
            from playlists p join users u on u.id = p.owner_id and u.status = 'ACTIVE'
            where p.id = $1 and p.visibility = 'PUBLIC')))::text""",
    "Q4": f"""
        select json_build_object('data', json_build_object('nodes', (
            select json_agg(case when s.id is not null then json_build_object('id', 'sound_' || s.id, 'title', s.title,
                'community', json_build_object('videos', json_build_object('edges', (
                    select coalesce(json_agg(json_build_object('node', json_build_object('id', 'video_' || v.sound_id || '_' || v.id,
                        'caption', v.caption, 'creator', {CREATOR})) order by v.created_at desc, v.id desc), '[]')
                    from (
                        select * from videos where sound_id = s.id and s.status <> 'REMOVED' and not hidden
                        order by created_at desc, id desc limit $2) v
                    join users u on u.id = v.creator_id)))) end order by place)
            from unnest($1::bigint[]) with ordinality wanted(id, place) left join sounds s using (id))))::text""",
}


async def sound_page(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q1."""
    return await _text(kept, "Q1", number(asked["id"]), asked["first"])


async def chart(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q2."""
    return await _text(kept, "Q2", asked["first"])


async def playlist(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q3."""
    return await _text(kept, "Q3", number(asked["id"]), asked["first"])


async def nodes(kept: Kept, asked: dict[str, Any]) -> bytes:
    """Q4."""
    return await _text(kept, "Q4", [number(name) for name in asked["ids"]], asked["first"])


async def _text(kept: Kept, name: str, *arguments: Any) -> bytes:
    text: str = await kept.value(name, *arguments)
    return text.encode()


if __name__ == "__main__":
    serve(STATEMENTS, {"/Q1": sound_page, "/Q2": chart, "/Q3": playlist, "/Q4": nodes})
