-- Playlists, by their id.

-- columns: Playlist
id, title, description, cover_url, owner_id, kind, visibility, share_token, snapshot_id, item_count, duration_ms, follower_count,
created_at, updated_at

-- name: playlist_by_id :one_per(id) Playlist
select {Playlist} from playlists where id = any($1::bigint[])

-- name: playlist_id_by_share_token :one_per(token)
select token, playlist_id from share_tokens where token = any($1::text[])

-- name: items_by_playlist :page_per(playlist_id) by(sort_key)
select i.* from playlists p cross join lateral (
    select playlist_id, id, sort_key, kind, entry_id, added_by_id, added_at from playlist_items
    where playlist_id = p.id and {range} order by {order} limit $2) i
where p.id = any($1::bigint[])

-- name: collaborators_by_playlist :many_per(playlist_id)
select playlist_id, user_id, role, added_at from playlist_collaborators
where playlist_id = any($1::bigint[]) order by playlist_id, added_at, user_id

-- name: playlist_role :one_per(playlist_id, user_id)
select playlist_id, user_id, role from playlist_collaborators
join unnest($1::bigint[], $2::bigint[]) wanted(p, u) on playlist_id = p and user_id = u

-- name: is_following_playlist :one_per(playlist_id, user_id)
select playlist_id, user_id from playlist_followers
join unnest($1::bigint[], $2::bigint[]) wanted(p, u) on playlist_id = p and user_id = u
