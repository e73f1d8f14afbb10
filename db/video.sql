-- Videos, by (sound_id, id), and their lists.

-- columns: Video
sound_id, id, creator_id, caption, duration_ms, thumbnail_url, created_at, view_count, like_count, top_score
| hashtags, niche_ids, region, response_to_sound_id, response_to_id, response_kind, comment_count, share_count

-- name: video_by_key :one_per(sound_id, id) Video
select {Video} from videos join unnest($1::bigint[], $2::bigint[]) wanted(s, v) on sound_id = s and id = v where not hidden

-- name: videos_by_sound :page_per(sound_id) by(created_at, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from videos where sound_id = s.id and not hidden and {range} order by {order} limit $2) v
where s.id = any($1::bigint[])

-- name: videos_top_by_sound :page_per(sound_id) by(top_score, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from videos where sound_id = s.id and not hidden and {range} order by {order} limit $2) v
where s.id = any($1::bigint[])

-- name: is_video_liked :one_per(sound_id, video_id, user_id)
select sound_id, video_id, user_id from video_likes
join unnest($1::bigint[], $2::bigint[], $3::bigint[]) wanted(s, v, u) on sound_id = s and video_id = v and user_id = u
