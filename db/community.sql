-- Communities, by the id of their sound.

-- name: videos_by_sound_region :page_per(sound_id) by(created_at, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from videos where sound_id = s.id and region = {arg1} and not hidden and {range} order by {order} limit $2) v
where s.id = any($1::bigint[])

-- name: videos_top_by_sound_region :page_per(sound_id) by(top_score, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from videos where sound_id = s.id and region = {arg1} and not hidden and {range} order by {order} limit $2) v
where s.id = any($1::bigint[])

-- name: videos_by_sound_niche :page_per(sound_id) by(created_at, id) Video
-- The page is cut from the copy, so that only its own videos are read; bigint, because an id that no smallint holds must find nothing.
select v.* from sounds s cross join lateral (
    select {Video} from (
        select sound_id, id from (select *, video_id as id from video_niches) copied
        where sound_id = s.id and niche_id = {arg1}::bigint and not hidden and {range} order by {order} limit $2) page
    join videos using (sound_id, id) order by {order}) v
where s.id = any($1::bigint[])

-- name: videos_top_by_sound_niche :page_per(sound_id) by(top_score, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from (
        select sound_id, id from (select *, video_id as id from video_niches) copied
        where sound_id = s.id and niche_id = {arg1}::bigint and not hidden and {range} order by {order} limit $2) page
    join videos using (sound_id, id) order by {order}) v
where s.id = any($1::bigint[])

-- name: videos_by_sound_niche_region :page_per(sound_id) by(created_at, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from (
        select sound_id, id from (select *, video_id as id from video_niches) copied
        where sound_id = s.id and niche_id = {arg1}::bigint and region = {arg2} and not hidden and {range} order by {order} limit $2) page
    join videos using (sound_id, id) order by {order}) v
where s.id = any($1::bigint[])

-- name: videos_top_by_sound_niche_region :page_per(sound_id) by(top_score, id) Video
select v.* from sounds s cross join lateral (
    select {Video} from (
        select sound_id, id from (select *, video_id as id from video_niches) copied
        where sound_id = s.id and niche_id = {arg1}::bigint and region = {arg2} and not hidden and {range} order by {order} limit $2) page
    join videos using (sound_id, id) order by {order}) v
where s.id = any($1::bigint[])

-- name: creators_by_sound :page_per(sound_id) by(video_count, creator_id)
select c.* from sounds s cross join lateral (
    select sound_id, creator_id, video_count, first_posted_at from community_creators
    where sound_id = s.id and {range} order by {order} limit $2) c
where s.id = any($1::bigint[])

-- name: earliest_creators_by_sound :page_per(sound_id) by(first_posted_at, creator_id)
select c.* from sounds s cross join lateral (
    select sound_id, creator_id, video_count, first_posted_at from community_creators
    where sound_id = s.id and {range} order by {order} limit $2) c
where s.id = any($1::bigint[])

-- name: members_by_sound :page_per(sound_id) by(created_at, user_id)
select m.* from sounds s cross join lateral (
    select sound_id, created_at, user_id from community_members where sound_id = s.id and {range} order by {order} limit $2) m
where s.id = any($1::bigint[])

-- name: is_member :one_per(sound_id, user_id)
select sound_id, user_id from community_members join unnest($1::bigint[], $2::bigint[]) wanted(s, u) on sound_id = s and user_id = u

-- name: niches_by_sound :many_per(sound_id)
-- The community's count may be a moment younger than the niche's: greatest() keeps a share from passing 1.
select n.sound_id, n.niche_id, n.video_count, n.first_seen_at,
    n.video_count / greatest(s.video_count, n.video_count)::double precision as share
from sounds s join community_niches n on n.sound_id = s.id
where s.id = any($1::bigint[]) and n.video_count > 0 order by n.sound_id, n.video_count desc, n.niche_id

-- name: regions_by_sound :many_per(sound_id)
select r.sound_id, r.region, r.creator_count, r.first_seen_at,
    r.creator_count / greatest(s.creator_count, r.creator_count)::double precision as share
from sounds s join community_regions r on r.sound_id = s.id
where s.id = any($1::bigint[]) and r.creator_count > 0 order by r.sound_id, r.first_seen_at, r.region

-- name: growth_by_sound :many_per(sound_id)
-- The intervals $2 that begin at $3 or later and before $4, of those in which anything happened.
select sound_id, at, video_count, new_creator_count from community_growth
where sound_id = any($1::bigint[]) and "interval" = $2 and at >= $3 and at < $4

-- name: neighbours_by_sound :page_per(sound_id) by(shared_creator_count, neighbour_id)
select n.* from sounds s cross join lateral (
    select sound_id, neighbour_id, shared_creator_count, overlap from community_neighbours
    where sound_id = s.id and {range} order by {order} limit $2) n
where s.id = any($1::bigint[])
