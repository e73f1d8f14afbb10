"""A small catalogue with a conversation around it, whose answers can be worked out by hand; and a larger one to count statements on."""

from tests.ask import Api

LOW_TIDE_MBID = "5b11f4ce-a62d-471e-81fc-a69a8278c7da"
MIRA_MBID = "83d91898-7763-47d7-b03b-b92132375c47"

SCENE = (
    """insert into users (handle, display_name, status, artist_id, joined_at) values
        ('mira', 'Mira', 'ACTIVE', 1, $1), ('tom', 'Tom', 'ACTIVE', null, $1), ('ana', 'Ana', 'ACTIVE', null, $1),
        ('gone', 'Gone', 'SUSPENDED', null, $1), ('lou', 'Lou', 'ACTIVE', null, $1)""",
    f"""insert into artists (name, mbid, user_id, image_url, follower_count) values
        ('Mira Solano', '{MIRA_MBID}', 1, 'https://images.example/mira.jpg', 3000000000),
        ('Kite Parade', null, 4, null, 0), ('Nobody Yet', null, null, null, 0)""",
    """insert into releases (title, kind, upc, released_on, cover_url) values
        ('Low Tide', 'ALBUM', '602445790128', '2026-03-01', null), ('Harbour', 'SINGLE', null, '2025-06-01', null),
        ('Night Radio', 'PODCAST', null, null, 'https://images.example/radio.jpg')""",
    f"""insert into tracks (title, kind, release_id, isrc, mbid, duration_ms, explicit, genres, audio_variants, released_on, play_count, save_count)
        values
        ('Low Tide', 'SONG', 1, 'USRC17607839', '{LOW_TIDE_MBID}', 200000, false, '{{indie pop,dream pop}}',
         '{{PREVIEW,LOSSLESS}}', '2026-03-01', 5000000000, 12),
        ('Undertow', 'SONG', 1, null, null, 180000, true, '{{}}', '{{STANDARD}}', '2026-03-01', 0, 0),
        ('Harbour', 'SONG', 2, null, null, 160000, false, '{{}}', '{{STANDARD}}', '2025-06-01', 0, 0),
        ('Tomorrow', 'SONG', null, null, null, 150000, false, '{{}}', '{{STANDARD}}', '2026-11-23', 0, 0),
        ('Pilot', 'EPISODE', 3, null, null, 3600000, false, '{{}}', '{{STANDARD}}', null, 0, 0)""",
    "insert into isrcs values ('USRC17607839', 1)",
    "insert into upcs values ('602445790128', 1)",
    f"insert into mbids values ('{LOW_TIDE_MBID}', 'TRACK', 1), ('{MIRA_MBID}', 'ARTIST', 1)",
    """insert into track_credits values (1, 2, 2, 'Kite Parade', 'FEATURED'), (1, 1, 1, 'MIRA', 'MAIN'), (2, 1, 1, 'Mira Solano', 'MAIN'),
        (3, 1, 1, 'Mira Solano', 'MAIN'), (3, 2, 2, 'K. Parade', 'REMIXER')""",
    "insert into release_credits values (1, 1, 1, 'Mira Solano', 'MAIN'), (3, 1, 2, 'Kite', 'HOST')",
    """insert into artist_tracks values (1, '2026-03-01', 1), (1, '2026-03-01', 2), (1, '2025-06-01', 3), (2, '2026-03-01', 1),
        (2, '2025-06-01', 3), (1, '0001-01-01', 5)""",
    "insert into artist_releases values (1, '2026-03-01', 1), (1, '2025-06-01', 2), (2, '0001-01-01', 3)",
    "insert into release_tracks values (1, 1, 2), (1, 2, 1), (2, 1, 3), (3, 1, 5)",
    """insert into track_links values (1, 'Spotify', 'https://open.example/1'), (1, 'Bandcamp', 'https://band.example/1'),
        (2, 'Tidal', 'https://tidal.example/2')""",
    """insert into track_restrictions values (1, 'DE', 'REGION', 2), (2, 'ZZ', 'TAKEN_DOWN', null), (2, 'FR', 'REGION', 1),
        (3, 'JP', 'REGION', null)""",
    """insert into lyrics values (1, 'en', true, '[{"start_ms": 1200, "text": "The tide is low"}, {"start_ms": 4800, "text": "And so am I"}]'),
        (3, 'de-AT', false, '[{"start_ms": null, "text": "Der Hafen schläft"}]')""",
    """insert into sounds (title, kind, status, duration_ms, created_at, creator_id, track_id, clip_start_ms, clip_end_ms, derived_from_id) values
        ('Low Tide, chorus', 'TRACK_CLIP', 'ACTIVE', 15000, $1::timestamptz - interval '9 days', null, 1, 30000, 45000, null),
        ('Low Tide, intro', 'TRACK_CLIP', 'MUTED', 10000, $1::timestamptz - interval '8 days', null, 1, 0, 10000, null),
        ('Low Tide, bridge', 'TRACK_CLIP', 'REMOVED', 10000, $1::timestamptz - interval '7 days', null, 1, 60000, 70000, null),
        ('Low Tide sped up', 'REMIX', 'ACTIVE', 12000, $1::timestamptz - interval '6 days', 2, null, null, null, 1),
        ('Low Tide slowed', 'REMIX', 'ACTIVE', 18000, $1::timestamptz - interval '5 days', 3, null, null, null, 1),
        ('Low Tide broken', 'REMIX', 'REMOVED', 18000, $1::timestamptz - interval '4 days', 3, null, null, null, 1),
        ('Rain on a tent', 'ORIGINAL', 'ACTIVE', 20000, $1::timestamptz - interval '3 days', 2, null, null, null, null)""",
    "insert into track_sounds select track_id, created_at, id from sounds where track_id is not null",
    "insert into sound_derivatives select derived_from_id, created_at, id from sounds where derived_from_id is not null",
    "insert into artist_sounds values (1, 1, 5), (1, 2, 7), (1, 3, 9), (2, 1, 5)",
    """insert into videos (sound_id, creator_id, caption, hashtags, niche_ids, region, duration_ms, created_at, top_score, hidden, weight, trusted, new_creator)
        values
        (1, 2, 'Waves #tide #ocean', '{tide,ocean}', '{2,1}', 'DE', 1000, $1::timestamptz - interval '4 hours', 1, false, 1, true, true),
        (1, 3, 'Again #tide', '{tide}', '{1}', 'FR', 1000, $1::timestamptz - interval '3 hours', 3, false, 1, true, true),
        (4, 4, 'Hidden #tide', '{tide}', '{}', 'FR', 1000, $1::timestamptz - interval '2 hours', 9, true, 1, true, true),
        (7, 5, 'Rain #tide #ocean', '{tide,ocean}', '{}', 'US', 1000, $1::timestamptz - interval '1 hour', 2, false, 1, true, true)""",
    "insert into hashtags values ('tide', 4), ('ocean', 2), ('straße_1', 0)",
    """insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
        select unnest(hashtags), created_at, sound_id, id, top_score from videos""",
    """insert into video_comments (sound_id, video_id, author_id, text, created_at, position_ms, like_count, reply_to_id, hidden) values
        (1, 1, 3, 'First', $1::timestamptz - interval '50 minutes', 300, 7, null, false),
        (1, 1, 5, 'Second', $1::timestamptz - interval '40 minutes', null, 0, 1, false),
        (1, 1, 4, 'Of a suspended one', $1::timestamptz - interval '30 minutes', null, 0, null, true),
        (1, 1, 2, 'Third', $1::timestamptz - interval '20 minutes', null, 0, 3, false),
        (1, 2, 5, 'Elsewhere', $1::timestamptz - interval '10 minutes', null, 0, null, false)""",
    """insert into track_comments (track_id, author_id, text, created_at, position_ms, like_count, reply_to_id) values
        (1, 2, 'The bridge!', $1::timestamptz - interval '2 days', 60000, 2, null), (1, 3, 'Yes', $1::timestamptz - interval '1 day', null, 0, 1),
        (2, 3, 'Darker', $1::timestamptz - interval '1 day', null, 0, null)""",
    "insert into video_likes values (1, 1, 5, $1)",
    "insert into saved_sounds values (5, 1, $1)",
    "insert into saved_tracks values (5, 1, $1)",
    "insert into artist_follows values (5, 1, $1)",
)

# Two parents of each kind with 130 of each thing, so that a page of 100 is full and another follows.
MANY = (
    "insert into users (handle, display_name, joined_at) select 'user' || n, 'User', $1 from generate_series(1, 3) n",
    "insert into artists (name) select 'Artist ' || n from generate_series(1, 2) n",
    "insert into releases (title, kind, released_on) select 'Release ' || n, 'ALBUM', date '2026-01-01' - n from generate_series(1, 260) n",
    "insert into tracks (title, release_id, duration_ms, released_on) select 'Track ' || n, 1, 1000, date '2026-01-01' - n from generate_series(1, 260) n",
    "insert into artist_tracks select 1 + id % 2, released_on, id from tracks",
    "insert into artist_releases select 1 + id % 2, released_on, id from releases",
    "insert into release_tracks select 1 + id % 2, id, id from tracks",
    """insert into sounds (title, kind, duration_ms, created_at, derived_from_id, track_id)
        select 'Sound ' || n, 'REMIX', 1000, $1::timestamptz - n * interval '1 minute', 1 + n % 2, 1 + n % 2 from generate_series(1, 260) n""",
    "insert into track_sounds select track_id, created_at, id from sounds",
    "insert into sound_derivatives select derived_from_id, created_at, id from sounds",
    "insert into artist_sounds select track_id, id, id from sounds",
    "insert into hashtags values ('one', 130), ('two', 130)",
    """insert into videos (sound_id, creator_id, caption, hashtags, region, duration_ms, created_at, top_score, weight, trusted, new_creator)
        select n, 1 + n % 3, 'Video', case when n % 2 = 0 then '{one}' else '{two}' end::text[], 'DE', 1000, $1::timestamptz - n * interval '1 minute', n, 1, true, true
        from generate_series(1, 260) n""",
    """insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
        select unnest(hashtags), created_at, sound_id, id, top_score from videos""",
    """insert into video_comments (sound_id, video_id, author_id, text, created_at)
        select 1 + n % 2, 1 + n % 2, 1 + n % 3, 'Comment ' || n, $1::timestamptz - n * interval '1 minute' from generate_series(1, 260) n""",
    """insert into track_comments (track_id, author_id, text, created_at)
        select 1 + n % 2, 1 + n % 3, 'Comment ' || n, $1::timestamptz - n * interval '1 minute' from generate_series(1, 260) n""",
)


async def arrange(api: Api, statements: tuple[str, ...] = SCENE) -> Api:
    """Fills an empty database; $1 in a statement is the time of the test."""
    async with api.database.transaction() as tx:
        for statement in statements:
            await tx.connection.execute(statement, *([api.now] if "$1" in statement else []))
    return api
