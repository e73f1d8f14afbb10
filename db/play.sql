-- Plays: recorded a call at a time, counted from the log, and kept as sums of an hour when they are old.

-- name: record_plays :write
-- The plays of the listener $1 with their event: how many of them are new, and which are of nothing that can be played, whoever blocked whom. They are recorded in
-- the order of their key, so that two calls with the same plays wait in line; the second finds them there only when it is run again (to insert them
-- `on conflict` costs half as much again). None where the listener may not write. Lists are texts with a space between two: to encode an array takes the
-- client ten times as long.
with listener as materialized (
    select from users where id = $1 and status = 'ACTIVE'),
sent as materialized (
    select place, event_id, subject_kind, subject_id, sound_id, played_at, duration_ms,
        case subject_kind
            when 'TRACK' then exists (select from tracks t where t.id = subject_id)
            when 'SOUND' then exists (select from sounds s where s.id = subject_id and status <> 'REMOVED')
            -- Not `exists`: a plan that was made while there were few videos would read all of them for each call.
            else coalesce((select true from videos v where v.sound_id = play.sound_id and v.id = subject_id and not hidden), false)
        end as there
    from unnest(string_to_array($3, ' '), string_to_array($4, ' '), string_to_array($5, ' ')::bigint[], string_to_array($6, ' ', '-')::bigint[],
            $7::timestamptz[], string_to_array($8, ' ')::integer[])
        with ordinality play(event_id, subject_kind, subject_id, sound_id, played_at, duration_ms, place)),
known as materialized (
    select played_at, event_id from plays
    where listener_id = $1 and played_at >= (select min(played_at) from sent) and played_at <= (select max(played_at) from sent)),
given as materialized (
    select distinct on (played_at, event_id) event_id, subject_kind, subject_id, sound_id, played_at, duration_ms
    from sent where there and exists (select from listener) and (played_at, event_id) not in (select played_at, event_id from known)
    order by played_at, event_id, place),
recorded as (
    insert into plays (listener_id, played_at, event_id, subject_kind, subject_id, sound_id, duration_ms)
    select $1, played_at, event_id, subject_kind, subject_id, sound_id, duration_ms from given),
sums as (select subject_kind, sound_id, subject_id, count(*) plays from given group by subject_kind, sound_id, subject_id),
told as (
    insert into outbox (type, occurred_at, body)
    select 'PLAYS_RECORDED', $2::timestamptz, concat('{"actor_id":', $1::bigint,
        ',"tracks":[', string_agg('[' || subject_id || ',' || plays || ']', ',') filter (where subject_kind = 'TRACK'),
        '],"sounds":[', string_agg('[' || subject_id || ',' || plays || ']', ',') filter (where subject_kind = 'SOUND'),
        '],"videos":[', string_agg('[' || sound_id || ',' || subject_id || ',' || plays || ']', ',') filter (where subject_kind = 'VIDEO'), ']}')::jsonb
    from sums having count(*) > 0)
select exists (select from listener) as may_write, (select count(*) from given) as accepted,
    (select coalesce(array_agg(place order by place) filter (where not there), '{}') from sent) as missing

-- name: plays_end :value
-- Where to end between the positions $1 and $2 so that there are at most $3 calls.
select coalesce(
    (select sequence from log where sequence > $1 and sequence <= $2 and type = 'PLAYS_RECORDED' order by sequence offset $3 - 1 limit 1), $2::bigint)

-- name: add_track_plays :execute
-- Those of the log after $1 up to $2; in the tracks' order. Summed here: to fetch and to send back what 50,000 plays were of takes the worker as long as all else.
update tracks t set play_count = t.play_count + played.plays
from (
    select (play ->> 0)::bigint id, sum((play ->> 1)::bigint)::bigint plays
    from log cross join jsonb_array_elements(body -> 'tracks') play
    where sequence > $1 and sequence <= $2 and type = 'PLAYS_RECORDED'
    group by 1 order by 1) played
where t.id = played.id

-- name: add_video_plays :execute
-- Likewise. A video that was taken away meanwhile is viewed no more. Its community's views are those of the videos that are shown: what is hidden brings its own along when it is shown again.
with viewed as (
    update videos v set view_count = v.view_count + played.plays
    from (
        select (play ->> 0)::bigint sound_id, (play ->> 1)::bigint id, sum((play ->> 2)::bigint)::bigint plays
        from log cross join jsonb_array_elements(body -> 'videos') play
        where sequence > $1 and sequence <= $2 and type = 'PLAYS_RECORDED'
        group by 1, 2 order by 1, 2) played
    where v.sound_id = played.sound_id and v.id = played.id
    returning v.sound_id, played.plays, v.hidden)
update sounds s set view_count = s.view_count + views.views
from (select sound_id, sum(plays) views from viewed where not hidden group by sound_id order by sound_id) views where s.id = views.sound_id

-- name: add_plays_partitions :execute
select add_plays_partition(day) from unnest($1::date[]) day

-- name: oldest_plays_day :value
select min(to_date(substr(relname, 7), 'YYYYMMDD')) from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent = 'plays'::regclass

-- name: close_plays_partition :execute
select close_plays_partition($1)

-- name: lock_play_fold :row
select listener_id, played_at, event_id from play_folds where day = $1 for update

-- name: fold_plays :value
-- The next $5 plays of the day $1 after the position become sums, and the position moves on; null where there are no more. Those of a video that is gone
-- are in no sum.
with slice as (
    select listener_id, played_at, event_id, subject_kind, subject_id, sound_id, duration_ms from plays
    where played_at >= $1::date::timestamp at time zone 'UTC' and played_at < ($1::date + 1)::timestamp at time zone 'UTC'
        and (listener_id, played_at, event_id) > ($2, $3, $4)
    order by listener_id, played_at, event_id limit $5),
folded as (
    insert into play_hours as h (subject_id, subject_kind, hour, sound_id, play_count, duration_ms)
    select subject_id, subject_kind, date_trunc('hour', played_at, 'UTC'), min(sound_id), count(*), sum(duration_ms)
    from slice s where subject_kind <> 'VIDEO' or exists (select from videos v where v.sound_id = s.sound_id and v.id = s.subject_id)
    group by 1, 2, 3 order by 1, 2, 3
    on conflict (subject_id, subject_kind, hour) do update set
        play_count = h.play_count + excluded.play_count, duration_ms = h.duration_ms + excluded.duration_ms)
update play_folds f set listener_id = last.listener_id, played_at = last.played_at, event_id = last.event_id
from (select listener_id, played_at, event_id from slice order by listener_id desc, played_at desc, event_id desc limit 1) last
where f.day = $1 returning f.day

-- name: drop_plays_partition :execute
select drop_plays_partition($1)

-- name: hurry :execute
-- Who cannot have a lock at once gives up: whoever came after him would wait with him.
select set_config('lock_timeout', '500ms', true)
