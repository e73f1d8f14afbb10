-- People, by their id.

-- columns: User
id, handle, display_name, avatar_url, verified
| status, bio, kind, region, artist_id, joined_at, video_count, follower_count, following_count

-- name: user_by_id :one_per(id) User
select {User} from users where id = any($1::bigint[])

-- name: active_user_by_id :one_per(id) User
-- Neither the suspended nor the erased.
select {User} from users where id = any($1::bigint[]) and status = 'ACTIVE'

-- name: user_id_by_handle :one_per(handle)
select handle, user_id from handles where handle = any($1::text[])

-- name: viewer_by_subject :one_per(subject)
-- Whose token this is, and at once everybody whom this user blocked or who blocked this user: what each request begins with.
select
    subject,
    user_id,
    revoked_at,
    array(
        select blocked_id from blocks where blocks.user_id = identities.user_id
        union all
        select blocker_id from blocked_by where blocked_by.user_id = identities.user_id
    ) as hidden_ids
from identities
where subject = any($1::text[])

-- name: revoked_subjects :rows
select subject, revoked_at from identities where subject = any($1::text[]) and revoked_at is not null

-- name: hidden_by_user :many_per(user_id)
-- Everybody whom this user blocked, and everybody who blocked this user.
select user_id, blocked_id as hidden_id from blocks where user_id = any($1::bigint[])
union all
select user_id, blocker_id from blocked_by where user_id = any($1::bigint[])

-- name: videos_by_user :page_per(user_id) by(created_at, sound_id, video_id)
select v.* from users u cross join lateral (
    select user_id, created_at, sound_id, video_id from user_videos where user_id = u.id and {range} order by {order} limit $2) v
where u.id = any($1::bigint[])

-- name: sounds_by_user :page_per(user_id) by(created_at, sound_id)
select s.* from users u cross join lateral (
    select user_id, created_at, sound_id from user_sounds where user_id = u.id and {range} order by {order} limit $2) s
where u.id = any($1::bigint[])

-- name: playlists_by_user :page_per(user_id) by(created_at, playlist_id)
-- What everybody may see.
select p.* from users u cross join lateral (
    select user_id, created_at, playlist_id from user_playlists where user_id = u.id and listed and {range} order by {order} limit $2) p
where u.id = any($1::bigint[])

-- name: communities_by_user :page_per(user_id) by(created_at, sound_id)
select c.* from users u cross join lateral (
    select user_id, created_at, sound_id from user_communities where user_id = u.id and {range} order by {order} limit $2) c
where u.id = any($1::bigint[])

-- name: followers_by_user :page_per(user_id) by(created_at, follower_id)
select f.* from users u cross join lateral (
    select user_id, created_at, follower_id from followers where user_id = u.id and {range} order by {order} limit $2) f
where u.id = any($1::bigint[])

-- name: following_by_user :page_per(user_id) by(created_at, followed_id)
select f.* from users u cross join lateral (
    select user_id, created_at, followed_id from follows where user_id = u.id and {range} order by {order} limit $2) f
where u.id = any($1::bigint[])

-- name: is_following_user :one_per(user_id, followed_id)
select user_id, followed_id from follows join unnest($1::bigint[], $2::bigint[]) wanted(u, f) on user_id = u and followed_id = f

-- name: has_blocked :one_per(user_id, blocked_id)
select user_id, blocked_id from blocks join unnest($1::bigint[], $2::bigint[]) wanted(u, b) on user_id = u and blocked_id = b
