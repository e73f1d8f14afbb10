-- Facts as they are written, each statement inside the transaction of its mutation.

-- name: insert_user :row User
insert into users (handle, display_name, bio, region, kind, joined_at) values ($1, $2, $3, $4, $5, $6) returning {User}

-- name: claim_handle :execute
insert into handles (handle, user_id) values ($1, $2)

-- name: claim_identity :execute
insert into identities (subject, user_id) values ($1, $2)

-- name: insert_sound :row Sound
insert into sounds (title, kind, duration_ms, created_at, creator_id, track_id, clip_start_ms, clip_end_ms, derived_from_id, rights_commercial)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning {Sound}

-- name: list_sound :execute
-- The copies by which a sound's owners list it: its maker, its track, the sound that it varies.
with maker as (
    insert into user_sounds (user_id, created_at, sound_id) select $3, $2, $1 where $3::bigint is not null),
clip as (
    insert into track_sounds (track_id, created_at, sound_id) select $4, $2, $1 where $4::bigint is not null)
insert into sound_derivatives (derived_from_id, created_at, sound_id) select $5, $2, $1 where $5::bigint is not null

-- name: list_sound_by_artists :execute
insert into artist_sounds (artist_id, sound_id) select distinct unnest($2::bigint[]), $1::bigint

-- name: join_creators :row
-- The row lock decides the weight of two videos that one account posts at once: `earlier` is the decayed number of its videos before this one.
insert into community_creators as c (sound_id, creator_id, video_count, first_posted_at, last_posted_at, region, earlier)
values ($1, $2, 1, $3, $3, $4, 1)
on conflict (sound_id, creator_id) do update set
    video_count = c.video_count + 1,
    last_posted_at = greatest(c.last_posted_at, excluded.last_posted_at),
    earlier = decayed(c.earlier, greatest(0, date_part('epoch', excluded.last_posted_at - c.last_posted_at)) / 3600, 1344) + 1
returning earlier - 1 as earlier, video_count = 1 as new_creator

-- name: insert_video :row
-- No row where the sound is no longer active; otherwise the video with the copies by which it is listed.
with video as (
    insert into videos (sound_id, creator_id, caption, hashtags, niche_ids, region, duration_ms, created_at, response_to_sound_id,
                        response_to_id, response_kind, top_score, weight, trusted, new_creator)
    select id, $2, $3, $4::text[], $5::smallint[], $6, $7, $8::timestamptz, $9, $10, $11, top_score(0, 0, 0, 0, $8::timestamptz), $12, $13, $14
    from sounds where id = $1 and status = 'ACTIVE'
    returning sound_id, id, creator_id, region, created_at, top_score, trusted, hashtags, niche_ids),
niches as (
    insert into video_niches (sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score)
    select sound_id, id, unnest(niche_ids), region, creator_id, trusted, created_at, top_score from video),
mine as (
    insert into user_videos (user_id, created_at, sound_id, video_id) select creator_id, created_at, sound_id, id from video),
named as (
    -- A hashtag is there with its first video, and counted later. In their order: two who name the same new ones must not wait for each other.
    insert into hashtags (name) select unnest(hashtags) as name from video order by name on conflict do nothing),
tagged as (
    insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
    select unnest(hashtags), created_at, sound_id, id, top_score from video)
select sound_id, id from video

-- name: try_idempotency_key :value
-- False while another transaction runs with this key.
select pg_try_advisory_xact_lock(hashtextextended($1, 0))

-- name: stored_result :row
select input_hash, result from idempotency_results where caller = $1 and field = $2 and key = $3 and created_at > $4

-- name: store_result :execute
insert into idempotency_results (caller, field, key, input_hash, result, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict (caller, field, key) do update set input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at
