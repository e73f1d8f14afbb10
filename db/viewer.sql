-- What belongs to the viewer alone, by the viewer's id.

-- name: saved_sounds_by_user :page_per(user_id) by(created_at, sound_id)
select s.* from users u cross join lateral (
    select user_id, created_at, sound_id from saved_sounds where user_id = u.id and {range} order by {order} limit $2) s
where u.id = any($1::bigint[])

-- name: saved_tracks_by_user :page_per(user_id) by(created_at, track_id)
select t.* from users u cross join lateral (
    select user_id, created_at, track_id from saved_tracks where user_id = u.id and {range} order by {order} limit $2) t
where u.id = any($1::bigint[])

-- name: playlists_by_viewer :page_per(user_id) by(created_at, playlist_id)
select p.* from users u cross join lateral (
    select user_id, created_at, playlist_id from user_playlists where user_id = u.id and {range} order by {order} limit $2) p
where u.id = any($1::bigint[])

-- name: blocked_by_user :page_per(user_id) by(created_at, blocked_id)
select b.* from users u cross join lateral (
    select user_id, created_at, blocked_id from blocks where user_id = u.id and {range} order by {order} limit $2) b
where u.id = any($1::bigint[])

-- name: newest_videos_by_users :page_per(viewer_id) by(created_at, sound_id, video_id)
-- Of the users {arg1} together, newest first only: whom one viewer follows. One key, because every viewer follows others.
-- The eight newest of each tell since when the page can be, so that the most prolific 300 cost 3 ms instead of 19.
with heads as (
    select v.created_at from users u cross join lateral (
        select created_at from user_videos where user_id = u.id and {range} order by {order} limit 8) v
    where u.id = any({arg1}::bigint[])),
since as (select created_at from heads order by created_at desc offset $2 - 1 limit 1)
select ($1::bigint[])[1] as viewer_id, v.* from users u cross join lateral (
    select created_at, sound_id, video_id from user_videos
    where user_id = u.id and {range} and created_at >= coalesce((select created_at from since), '-infinity') order by {order} limit $2) v
where u.id = any({arg1}::bigint[]) order by {order} limit $2

-- name: newest_videos_by_sounds :page_per(viewer_id) by(created_at, sound_id, video_id)
-- Of the communities {arg1} together, newest first only: those that one viewer joined. As above.
with heads as (
    select v.created_at from sounds s cross join lateral (
        select created_at from (select *, id as video_id from videos) renamed
        where sound_id = s.id and not hidden and {range} order by {order} limit 8) v
    where s.id = any({arg1}::bigint[])),
since as (select created_at from heads order by created_at desc offset $2 - 1 limit 1)
select ($1::bigint[])[1] as viewer_id, v.* from sounds s cross join lateral (
    select created_at, sound_id, video_id from (select *, id as video_id from videos) renamed
    where sound_id = s.id and not hidden and {range} and created_at >= coalesce((select created_at from since), '-infinity')
    order by {order} limit $2) v
where s.id = any({arg1}::bigint[]) order by {order} limit $2

-- name: membership :one_per(user_id, sound_id)
-- Since when a member has not seen what is posted.
select user_id, sound_id, coalesce(seen_at, created_at) as since from user_communities
join unnest($1::bigint[], $2::bigint[]) wanted(u, s) on user_id = u and sound_id = s

-- name: newer_videos :one_per(sound_id, user_id, since)
-- How many videos of others a community gained since then: to count more than 1,000 would cost more than it tells.
select s.id as sound_id, u as user_id, t as since, v.videos
from sounds s join unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) wanted(s_id, u, t) on s.id = s_id cross join lateral (
    select count(*) as videos from (
        select from videos where sound_id = s.id and not hidden and created_at > t and creator_id <> u limit 1000) newer) v
