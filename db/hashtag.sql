-- Hashtags, by their name.

-- columns: Hashtag
name, video_count

-- name: hashtag_by_name :one_per(name) Hashtag
select {Hashtag} from hashtags where name = any($1::text[])

-- name: videos_by_hashtag :page_per(hashtag) by(created_at, sound_id, video_id)
select v.* from hashtags h cross join lateral (
    select hashtag, created_at, sound_id, video_id from hashtag_videos where hashtag = h.name and {range} order by {order} limit $2) v
where h.name = any($1::text[])

-- name: videos_top_by_hashtag :page_per(hashtag) by(top_score, sound_id, video_id)
select v.* from hashtags h cross join lateral (
    select hashtag, top_score, sound_id, video_id from hashtag_videos where hashtag = h.name and {range} order by {order} limit $2) v
where h.name = any($1::text[])
