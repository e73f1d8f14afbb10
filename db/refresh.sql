-- What the worker renews in turns: who a community shares its creators with, and the scores by which lists are in TOP order.

-- name: neighbours_due :rows
-- The next communities in turn whose neighbours were never found, or before they grew by a tenth, or more than a day ago.
select s.id sound_id, s.creator_count, r.refreshed_at is null or r.refreshed_at < $2 or s.creator_count >= 1.1 * r.creator_count due
from (select id, creator_count from sounds where id > $1 and creator_count > 0 order by id limit $3) s
    left join neighbour_refreshes r on r.sound_id = s.id
order by s.id

-- name: newest_creators_by_sounds :rows
select s.id sound_id, array_agg(c.creator_id) creator_ids
from sounds s cross join lateral (
    select creator_id from community_creators where sound_id = s.id
    order by first_posted_at desc, creator_id desc limit $2) c
where s.id = any($1::bigint[])
group by s.id

-- name: newest_sounds_by_users :rows
select u.id user_id, array_agg(distinct v.sound_id) sound_ids
from users u cross join lateral (
    select sound_id from user_videos where user_id = u.id
    order by created_at desc, sound_id desc, video_id desc limit $2) v
where u.id = any($1::bigint[])
group by u.id

-- name: mark_neighbours :execute
insert into neighbour_refreshes as r (sound_id, refreshed_at, creator_count)
select sound_id, $3, creator_count from unnest($1::bigint[], $2::bigint[]) found(sound_id, creator_count) order by sound_id
on conflict (sound_id) do update set refreshed_at = excluded.refreshed_at, creator_count = excluded.creator_count

-- name: drop_neighbours :execute
delete from community_neighbours where sound_id = any($1::bigint[])

-- name: insert_neighbours :execute
insert into community_neighbours (sound_id, neighbour_id, shared_creator_count, overlap)
select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::double precision[])

-- name: videos_in_turn :rows
select sound_id, id from videos where (sound_id, id) > ($1, $2) order by sound_id, id limit $3

-- name: newest_videos :rows
select (body ->> 'sound_id')::bigint sound_id, (body ->> 'video_id')::bigint id
from log where sequence > $1 and type = 'VIDEO_POSTED' order by sequence desc limit $2

-- name: set_top_scores :rows
-- Writes only those that moved; they are answered with what finds their copies.
update videos set top_score = top_score(like_count, comment_count, share_count, view_count, created_at)
from unnest($1::bigint[], $2::bigint[]) asked(s, v)
where sound_id = s and id = v and abs(top_score - top_score(like_count, comment_count, share_count, view_count, created_at)) > 1e-9
returning sound_id, id, top_score, created_at, hashtags

-- name: set_niche_top_scores :execute
update video_niches n set top_score = moved.score
from unnest($1::bigint[], $2::bigint[], $3::double precision[]) moved(s, v, score) where sound_id = s and video_id = v

-- name: set_hashtag_top_scores :execute
update hashtag_videos h set top_score = moved.score
from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::double precision[]) moved(tag, at, s, v, score)
where hashtag = tag and created_at = at and sound_id = s and video_id = v

-- name: artist_sounds_in_turn :rows
select artist_id, sound_id, top_score from artist_sounds where (artist_id, sound_id) > ($1, $2) order by artist_id, sound_id limit $3

-- name: sound_video_counts :one_per(id)
select id, video_count from sounds where id = any($1::bigint[])

-- name: set_artist_top_scores :execute
update artist_sounds set top_score = moved.score
from unnest($1::bigint[], $2::bigint[], $3::double precision[]) moved(a, s, score) where artist_id = a and sound_id = s
