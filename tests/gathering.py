"""A handful of people around a few sounds, whose answers can be worked out by hand; and a crowd to count statements on.

Times are hours before the time of the test, which is noon of a Sunday.
"""

from typing import Any

from tests.ask import Api

MIRA, TOM, ANA, GONE, LOU, KIM = range(1, 7)
RAIN, WIND, STORM, FOG = range(1, 5)

COPIES = (
    """insert into video_niches (sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score, hidden)
        select sound_id, id, unnest(niche_ids), region, creator_id, trusted, created_at, top_score, hidden from videos""",
    "insert into user_videos select creator_id, created_at, sound_id, id from videos",
    """insert into community_creators
        select sound_id, creator_id, count(*), min(created_at), max(created_at), (array_agg(region order by id))[1], 1 from videos group by 1, 2""",
    "insert into user_communities select user_id, sound_id, created_at from community_members",
    "insert into followers select followed_id, user_id, created_at from follows",
    "insert into blocked_by select blocked_id, user_id from blocks",
    "insert into user_sounds select creator_id, created_at, id from sounds",
    "insert into share_tokens select share_token, id from playlists where share_token is not null",
    "insert into user_playlists select owner_id, created_at, id, visibility = 'PUBLIC' from playlists",
    "insert into user_playlists select user_id, added_at, playlist_id, false from playlist_collaborators",
)

STATEMENTS = (
    """insert into users (handle, display_name, status, joined_at) values
        ('mira', 'Mira', 'ACTIVE', $1), ('tom', 'Tom', 'ACTIVE', $1), ('ana', 'Ana', 'ACTIVE', $1),
        ('gone', 'Gone', 'SUSPENDED', $1), ('lou', 'Lou', 'ACTIVE', $1), ('kim', 'Kim', 'ACTIVE', $1)""",
    "insert into handles select handle, id from users",
    """insert into sounds (title, kind, status, duration_ms, created_at, creator_id, video_count, creator_count, first_video_id, founder_id) values
        ('Rain', 'ORIGINAL', 'ACTIVE', 1000, $1::timestamptz - interval '60 hours', 2, 5, 3, 1, 2),
        ('Wind', 'ORIGINAL', 'ACTIVE', 1000, $1::timestamptz - interval '59 hours', 3, 1, 1, 7, 2),
        ('Storm', 'ORIGINAL', 'REMOVED', 1000, $1::timestamptz - interval '58 hours', 2, 1, 1, 8, 2),
        ('Fog', 'ORIGINAL', 'MUTED', 1000, $1::timestamptz - interval '57 hours', 2, 0, 0, null, null)""",
    """insert into videos (sound_id, creator_id, caption, region, niche_ids, created_at, top_score, hidden, duration_ms, weight, trusted, new_creator)
        select sound, creator, caption, region, niches::smallint[], $1::timestamptz - hours * interval '1 hour', score, creator = 4, 1000, 1, true, true
        from (values
            (1, 2, 'one', 'DE', '{1}', 50, 2), (1, 3, 'two', 'FR', '{1,2}', 30, 9), (1, 2, 'three', 'DE', '{2}', 20, 4),
            (1, 4, 'four', 'DE', '{1}', 10, 8), (1, 6, 'five', 'FR', '{1}', 3, 6), (1, 3, 'six', 'DE', '{}', 1, 1),
            (2, 2, 'seven', 'US', '{}', 2, 5), (3, 2, 'eight', 'DE', '{1}', 5, 3)) v(sound, creator, caption, region, niches, hours, score)""",
    """insert into community_members select sound, member, $1::timestamptz - hours * interval '1 hour'
        from (values (1, 1, 5), (1, 5, 4), (1, 4, 3), (1, 6, 2), (2, 1, 7), (3, 1, 6)) m(sound, member, hours)""",
    """insert into community_niches values (1, 1, 3, $1::timestamptz - interval '50 hours'), (1, 2, 2, $1::timestamptz - interval '30 hours'),
        (3, 1, 1, $1::timestamptz - interval '5 hours')""",
    """insert into community_regions values (1, 'FR', 2, 2, $1::timestamptz - interval '30 hours'), (1, 'DE', 3, 1, $1::timestamptz - interval '50 hours'),
        (2, 'US', 1, 1, $1::timestamptz - interval '2 hours'), (3, 'DE', 1, 1, $1::timestamptz - interval '5 hours')""",
    """insert into community_growth values (1, 'HOUR', '2026-11-22 09:00Z', 1, 1), (1, 'HOUR', '2026-11-22 11:00Z', 1, 0),
        (2, 'HOUR', '2026-11-22 10:00Z', 1, 1), (3, 'HOUR', '2026-11-22 07:00Z', 1, 1), (1, 'DAY', '2026-11-22 00:00Z', 2, 1),
        (1, 'WEEK', '2026-11-16 00:00Z', 5, 3)""",
    "insert into community_neighbours values (1, 2, 1, 0.25), (1, 3, 3, 0.9), (1, 4, 2, 0.5), (2, 1, 1, 0.25), (3, 1, 3, 0.9)",
    """insert into follows select follower, followed, $1::timestamptz - hours * interval '1 hour'
        from (values (1, 2, 9), (1, 3, 8), (1, 4, 7), (4, 2, 6), (6, 2, 5), (6, 5, 4)) f(follower, followed, hours)""",
    "insert into blocks values (5, 6, $1), (5, 4, $1)",
    "insert into tracks (title, duration_ms) values ('Low Tide', 200000), ('Undertow', 180000)",
    """insert into playlists (title, owner_id, visibility, share_token, snapshot_id, item_count, created_at, updated_at) values
        ('Open', 2, 'PUBLIC', null, 7, 4, $1::timestamptz - interval '9 hours', $1),
        ('Quiet', 2, 'UNLISTED', 'quiet-token', 1, 0, $1::timestamptz - interval '8 hours', $1),
        ('Secret', 2, 'PRIVATE', null, 1, 0, $1::timestamptz - interval '7 hours', $1),
        ('Of a suspended one', 4, 'PUBLIC', null, 1, 0, $1::timestamptz - interval '6 hours', $1),
        ('Of Kim', 6, 'PUBLIC', null, 1, 0, $1::timestamptz - interval '5 hours', $1)""",
    """insert into playlist_collaborators values (2, 3, 'EDITOR', $1::timestamptz - interval '4 hours'), (2, 4, 'EDITOR', $1::timestamptz - interval '3 hours'),
        (2, 1, 'VIEWER', $1::timestamptz - interval '2 hours'), (3, 5, 'VIEWER', $1::timestamptz - interval '1 hour')""",
    """insert into playlist_items (playlist_id, sort_key, kind, entry_id, added_by_id, added_at) values
        (1, 'a', 'TRACK', 2, 2, $1), (1, 'B', 'SOUND', 1, 3, $1), (1, 'aV', 'SOUND', 3, 4, $1), (1, 'b', 'TRACK', 2, null, $1)""",
    "insert into playlist_followers values (1, 1, $1)",
    """insert into saved_sounds values (5, 1, $1::timestamptz - interval '3 hours'), (5, 3, $1::timestamptz - interval '2 hours'),
        (5, 2, $1::timestamptz - interval '1 hour')""",
    "insert into saved_tracks values (5, 2, $1::timestamptz - interval '2 hours'), (5, 1, $1::timestamptz - interval '1 hour')",
    *COPIES,
)

# Two parents of each kind with 130 of each thing, so that a page of 100 is full and another follows.
CROWD = (
    "insert into users (handle, display_name, joined_at) select 'user' || n, 'User', $1 from generate_series(1, 140) n",
    """insert into sounds (title, kind, duration_ms, created_at, creator_id) select 'Sound ' || n, 'ORIGINAL', 1000, $1::timestamptz - n * interval '1 minute',
        1 + n % 2 from generate_series(1, 260) n""",
    """insert into videos (sound_id, creator_id, caption, region, niche_ids, created_at, top_score, duration_ms, weight, trusted, new_creator)
        select 1 + n % 2, 1 + n / 2, 'Video ' || n, 'DE', '{1}', $1::timestamptz - n * interval '1 minute', n * 37 % 260, 1000, 1, true, true
        from generate_series(0, 259) n""",
    """insert into videos (sound_id, creator_id, caption, region, niche_ids, created_at, top_score, duration_ms, weight, trusted, new_creator)
        select 3, 1 + n % 2, 'More ' || n, 'DE', '{1}', $1::timestamptz - n * interval '1 minute', n, 1000, 1, true, true from generate_series(0, 259) n""",
    "insert into community_members select 1 + n % 2, 1 + n / 2, $1::timestamptz - n * interval '1 minute' from generate_series(0, 259) n",
    """insert into community_members select n, 1 + n % 2, $1::timestamptz - n * interval '1 minute' from generate_series(3, 260) n""",
    "insert into community_neighbours select 1 + n % 2, n, 1 + n, 0.5 from generate_series(3, 262) n",
    "insert into follows select 1 + n % 2, 3 + n / 2, $1::timestamptz - n * interval '1 minute' from generate_series(0, 259) n",
    "insert into follows select 3 + n / 2, 1 + n % 2, $1::timestamptz - n * interval '1 minute' from generate_series(0, 259) n",
    "insert into blocks select 1, n, $1::timestamptz - n * interval '1 second' from generate_series(91, 105) n",
    "insert into tracks (title, duration_ms) select 'Track ' || n, 1000 from generate_series(1, 260) n",
    """insert into playlists (title, owner_id, created_at, updated_at)
        select 'Playlist ' || n, 1 + n % 2, $1::timestamptz - n * interval '1 minute', $1 from generate_series(1, 260) n""",
    """insert into playlist_items (playlist_id, sort_key, kind, entry_id, added_by_id, added_at)
        select 1 + n % 2, 'a' || lpad(n::text, 4, '0') || 'V', case when n % 3 = 1 then 'SOUND' else 'TRACK' end, n, 1 + n % 140, $1
        from generate_series(1, 260) n""",
    "insert into saved_sounds select 1, n, $1::timestamptz - n * interval '1 minute' from generate_series(1, 130) n",
    "insert into saved_tracks select 1, n, $1::timestamptz - n * interval '1 minute' from generate_series(1, 130) n",
    *COPIES,
)


async def arrange(api: Api, statements: tuple[str, ...] = STATEMENTS) -> Api:
    """Fills an empty database; $1 in a statement is the time of the test."""
    async with api.database.transaction() as tx:
        for statement in statements:
            await tx.connection.execute(statement, *([api.now] if "$1" in statement else []))
    return api


def nodes(connection: dict[str, Any], field: str) -> list[Any]:
    """One field of each node of a connection."""
    return [edge["node"][field] for edge in connection["edges"]]
