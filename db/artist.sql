-- Artists, and what they made, by the artist's id.

-- columns: Artist
id, name, mbid::text as mbid, user_id, image_url, follower_count

-- name: artist_by_id :one_per(id) Artist
select {Artist} from artists where id = any($1::bigint[])

-- name: artist_id_by_mbid :one_per(mbid)
select mbid, id from mbids where mbid = any($1::uuid[]) and kind = 'ARTIST'

-- name: tracks_by_artist :page_per(artist_id) by(released_on, track_id)
select t.* from artists a cross join lateral (
    select artist_id, released_on, track_id from artist_tracks where artist_id = a.id and {range} order by {order} limit $2) t
where a.id = any($1::bigint[])

-- name: releases_by_artist :page_per(artist_id) by(released_on, release_id)
select r.* from artists a cross join lateral (
    select artist_id, released_on, release_id from artist_releases where artist_id = a.id and {range} order by {order} limit $2) r
where a.id = any($1::bigint[])

-- name: top_sounds_by_artist :page_per(artist_id) by(top_score, sound_id)
select s.* from artists a cross join lateral (
    select artist_id, top_score, sound_id from artist_sounds where artist_id = a.id and {range} order by {order} limit $2) s
where a.id = any($1::bigint[])

-- name: is_following_artist :one_per(user_id, artist_id)
select user_id, artist_id from artist_follows join unnest($1::bigint[], $2::bigint[]) wanted(u, a) on user_id = u and artist_id = a
