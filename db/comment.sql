-- Comments, on videos by (sound_id, id) and on tracks by (track_id, id); both have the same columns.

-- columns: VideoComment
sound_id, video_id, null::bigint as track_id, id, author_id, text, created_at, position_ms, like_count, reply_to_id

-- columns: TrackComment
null::bigint as sound_id, null::bigint as video_id, track_id, id, author_id, text, created_at, position_ms, like_count, reply_to_id

-- name: video_comment_by_key :one_per(sound_id, id) Comment
-- Comments outlive their video for a while.
select {VideoComment} from video_comments join unnest($1::bigint[], $2::bigint[]) wanted(s, c) on sound_id = s and id = c
where not hidden and exists (select from videos v where v.sound_id = video_comments.sound_id and v.id = video_id)

-- name: track_comment_by_key :one_per(track_id, id) Comment
select {TrackComment} from track_comments join unnest($1::bigint[], $2::bigint[]) wanted(t, c) on track_id = t and id = c where not hidden

-- name: comments_by_video :page_per(sound_id, video_id) by(created_at, id) Comment
select c.* from videos v join unnest($1::bigint[], $2::bigint[]) wanted(s, w) on v.sound_id = s and v.id = w cross join lateral (
    select {VideoComment} from video_comments where sound_id = v.sound_id and video_id = v.id and not hidden and {range}
    order by {order} limit $3) c

-- name: comments_by_track :page_per(track_id) by(created_at, id) Comment
select c.* from tracks t cross join lateral (
    select {TrackComment} from track_comments where track_id = t.id and not hidden and {range} order by {order} limit $2) c
where t.id = any($1::bigint[])
