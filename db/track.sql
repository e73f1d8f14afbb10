-- Tracks, and what belongs to them, by the track's id.

-- columns: Track
id, title, kind, release_id, duration_ms, explicit
| isrc, mbid::text as mbid, genres, audio_variants, released_on, play_count, save_count

-- name: track_by_id :one_per(id) Track
select {Track} from tracks where id = any($1::bigint[])

-- name: track_id_by_isrc :one_per(isrc)
select isrc, track_id from isrcs where isrc = any($1::text[])

-- name: track_id_by_mbid :one_per(mbid)
select mbid, id from mbids where mbid = any($1::uuid[]) and kind = 'TRACK'

-- name: credits_by_track :many_per(track_id)
select track_id, artist_id, credited_as, role from track_credits where track_id = any($1::bigint[]) order by track_id, position

-- name: lyrics_by_track :one_per(track_id)
select track_id, language, synced, lines from lyrics where track_id = any($1::bigint[])

-- name: links_by_track :many_per(track_id)
select track_id, service, url from track_links where track_id = any($1::bigint[]) order by track_id, service

-- name: restrictions_by_track :many_per(track_id)
-- What holds in the region $2: its own row first, then that of ZZ.
select track_id, region, reason, relinked_to_id from track_restrictions where track_id = any($1::bigint[]) and region in ($2, 'ZZ')
order by track_id, region = 'ZZ'

-- name: sounds_by_track :page_per(track_id) by(created_at, sound_id)
select s.* from tracks t cross join lateral (
    select track_id, created_at, sound_id from track_sounds where track_id = t.id and {range} order by {order} limit $2) s
where t.id = any($1::bigint[])

-- name: is_track_saved :one_per(user_id, track_id)
select user_id, track_id from saved_tracks join unnest($1::bigint[], $2::bigint[]) wanted(u, t) on user_id = u and track_id = t
