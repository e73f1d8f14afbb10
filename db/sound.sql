-- Sounds, by their id; their communities' counts stand in the same row.

-- columns: Sound
id, title, kind, status, duration_ms, cover_url, creator_id, track_id, video_count, creator_count
| created_at, clip_start_ms, clip_end_ms, derived_from_id, rights_personal, rights_commercial, rights_territories, rights_expires_at,
save_count, share_count, view_count, member_count, first_video_id, founder_id

-- name: sound_by_id :one_per(id) Sound
select {Sound} from sounds where id = any($1::bigint[])

-- name: listed_sound_by_id :one_per(id) Sound
-- As lists show them: without the removed.
select {Sound} from sounds where id = any($1::bigint[]) and status <> 'REMOVED'

-- name: community_by_sound :one_per(id) Community
select {Sound} from sounds where id = any($1::bigint[])

-- name: derivatives_by_sound :page_per(derived_from_id) by(created_at, sound_id)
select d.* from sounds s cross join lateral (
    select derived_from_id, created_at, sound_id from sound_derivatives where derived_from_id = s.id and {range} order by {order} limit $2) d
where s.id = any($1::bigint[])

-- name: is_sound_saved :one_per(user_id, sound_id)
select user_id, sound_id from saved_sounds join unnest($1::bigint[], $2::bigint[]) wanted(u, s) on user_id = u and sound_id = s
