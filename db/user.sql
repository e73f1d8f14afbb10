-- People, by their id.

-- columns: User
id, handle, display_name, bio, avatar_url, verified, kind, region, status, artist_id, joined_at,
video_count, follower_count, following_count

-- name: user_by_id :one_per(id) User
select {User} from users where id = any($1::bigint[])

-- name: user_id_by_handle :one_per(handle)
select handle, user_id from handles where handle = any($1::text[])

-- name: user_id_by_subject :one_per(subject)
select subject, user_id from identities where subject = any($1::text[])

-- name: hidden_by_user :many_per(user_id)
-- Everybody whom this user blocked, and everybody who blocked this user.
select user_id, blocked_id as hidden_id from blocks where user_id = any($1::bigint[])
union all
select user_id, blocker_id from blocked_by where user_id = any($1::bigint[])
