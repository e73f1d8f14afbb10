-- Playlists as they are made and edited: each statement inside the transaction of its mutation, and under the lock of the playlist's row.

-- name: insert_playlist :row Playlist
insert into playlists (title, description, owner_id, visibility, share_token, item_count, duration_ms, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8) returning {Playlist}

-- name: lock_playlist :row Playlist
select {Playlist} from playlists where id = $1 for no key update

-- name: edit_playlist :row Playlist
-- $2 entries more and $3 milliseconds longer.
update playlists set snapshot_id = snapshot_id + 1, item_count = item_count + $2, duration_ms = duration_ms + $3, updated_at = $4
where id = $1 returning {Playlist}

-- name: describe_playlist :row Playlist
update playlists set snapshot_id = snapshot_id + 1, title = $2, description = $3, visibility = $4, share_token = $5, updated_at = $6
where id = $1 returning {Playlist}

-- name: delete_playlist :execute
-- What stands inside it, who works on it and who follows it go with it.
delete from playlists where id = $1

-- name: claim_share_token :execute
insert into share_tokens (token, playlist_id) values ($1, $2)

-- name: drop_share_token :execute
delete from share_tokens where token = $1

-- name: list_playlist :execute
insert into user_playlists (user_id, created_at, playlist_id, listed) values ($1, $2, $3, $4)

-- name: relist_playlist :execute
update user_playlists set listed = $4 where user_id = $1 and created_at = $2 and playlist_id = $3

-- name: unlist_playlist :execute
delete from user_playlists using unnest($1::bigint[], $2::timestamptz[]) copy(u, at) where user_id = u and created_at = at and playlist_id = $3

-- name: insert_items :rows
insert into playlist_items (playlist_id, sort_key, kind, entry_id, added_by_id, added_at)
select $1, sort_key, kind, entry_id, $5, $6 from unnest($2::text[], $3::text[], $4::bigint[]) with ordinality entry(sort_key, kind, entry_id, place)
order by place returning id

-- name: item_by_key :one_per(playlist_id, id)
select playlist_id, id, sort_key, kind, entry_id, added_by_id, added_at from playlist_items
join unnest($1::bigint[], $2::bigint[]) wanted(p, i) on playlist_id = p and id = i

-- name: delete_items :execute
delete from playlist_items where playlist_id = $1 and id = any($2::bigint[])

-- name: sort_key_before :value
-- Of what stands before the key $2, or last where that is null: a tilde comes after every letter.
select max(sort_key) from playlist_items where playlist_id = $1 and sort_key < coalesce($2, '~')

-- name: items_in_order :rows
select id from playlist_items where playlist_id = $1 order by sort_key

-- name: set_sort_keys :execute
update playlist_items set sort_key = key from unnest($2::bigint[], $3::text[]) wanted(i, key) where playlist_id = $1 and id = i

-- name: set_collaborator :execute
insert into playlist_collaborators (playlist_id, user_id, role, added_at) values ($1, $2, $3, $4)
on conflict (playlist_id, user_id) do update set role = excluded.role

-- name: drop_collaborator :execute
delete from playlist_collaborators where playlist_id = $1 and user_id = $2
