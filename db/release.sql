-- Releases, by their id.

-- columns: Release
id, title, kind, upc, released_on, cover_url

-- name: release_by_id :one_per(id) Release
select {Release} from releases where id = any($1::bigint[])

-- name: release_id_by_upc :one_per(upc)
select upc, release_id from upcs where upc = any($1::text[])

-- name: credits_by_release :many_per(release_id)
select release_id, artist_id, credited_as, role from release_credits where release_id = any($1::bigint[]) order by release_id, position

-- name: tracks_by_release :page_per(release_id) by(position)
select t.* from releases r cross join lateral (
    select release_id, position, track_id from release_tracks where release_id = r.id and {range} order by {order} limit $2) t
where r.id = any($1::bigint[])
