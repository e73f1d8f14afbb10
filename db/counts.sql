-- Counts that pages show, kept by the worker from the log: a batch of videos is summed per key, and each key written once, in the keys' order.

-- name: videos_posted :rows
select
    occurred_at,
    logged_at,
    (body ->> 'sound_id')::bigint sound_id,
    (body ->> 'video_id')::bigint video_id,
    (body ->> 'creator_id')::bigint creator_id,
    body ->> 'region' region,
    array(select jsonb_array_elements_text(body -> 'niche_ids')::smallint) niche_ids,
    array(select jsonb_array_elements_text(body -> 'hashtags')) hashtags,
    (body ->> 'weight')::double precision weight,
    (body ->> 'trusted')::boolean trusted,
    (body ->> 'new_creator')::boolean new_creator
from log where sequence > $1 and sequence <= $2 and type = 'VIDEO_POSTED'
order by sequence

-- name: update_in_order :execute
-- A hash join would lock the rows of an update in the table's order, and who locks two users in theirs could deadlock with it.
select set_config('enable_hashjoin', 'off', true)

-- name: add_sound_videos :execute
update sounds s set
    video_count = s.video_count + used.videos,
    creator_count = s.creator_count + used.creators,
    (first_video_id, founder_id) = (
        select id, creator_id from (
            select used.first_video_id id, used.first_creator_id creator_id, used.first_at created_at
            union all
            select f.id, f.creator_id, f.created_at from videos f where f.sound_id = s.id and f.id = s.first_video_id) known
        order by created_at, id limit 1)
from (
    select sound_id, count(*) videos, count(*) filter (where new_creator) creators, min(created_at) first_at,
        (array_agg(video_id order by created_at, video_id))[1] first_video_id,
        (array_agg(creator_id order by created_at, video_id))[1] first_creator_id
    from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::boolean[])
        video(sound_id, video_id, creator_id, created_at, new_creator)
    group by sound_id order by sound_id) used
where s.id = used.sound_id

-- name: add_user_videos :execute
update users u set video_count = u.video_count + made.videos
from (select creator_id, count(*) videos from unnest($1::bigint[]) video(creator_id) group by creator_id order by creator_id) made
where u.id = made.creator_id

-- name: add_hashtag_videos :execute
insert into hashtags as h (name, video_count)
select name, count(*) from unnest($1::text[]) tag(name) group by name order by name
on conflict (name) do update set video_count = h.video_count + excluded.video_count

-- name: add_community_niches :execute
insert into community_niches as c (sound_id, niche_id, video_count, first_seen_at)
select sound_id, niche_id, count(*), min(created_at)
from unnest($1::bigint[], $2::smallint[], $3::timestamptz[]) video(sound_id, niche_id, created_at)
group by sound_id, niche_id order by sound_id, niche_id
on conflict (sound_id, niche_id) do update set
    video_count = c.video_count + excluded.video_count, first_seen_at = least(c.first_seen_at, excluded.first_seen_at)

-- name: add_community_regions :execute
insert into community_regions as c (sound_id, region, video_count, creator_count, first_seen_at)
select sound_id, region, count(*), count(*) filter (where new_creator), min(created_at)
from unnest($1::bigint[], $2::text[], $3::boolean[], $4::timestamptz[]) video(sound_id, region, new_creator, created_at)
group by sound_id, region order by sound_id, region
on conflict (sound_id, region) do update set
    video_count = c.video_count + excluded.video_count,
    creator_count = c.creator_count + excluded.creator_count,
    first_seen_at = least(c.first_seen_at, excluded.first_seen_at)

-- name: add_community_growth :execute
insert into community_growth as g (sound_id, "interval", at, video_count, new_creator_count)
select sound_id, upper(unit), date_trunc(unit, created_at, 'UTC'), count(*), count(*) filter (where new_creator)
from unnest($1::bigint[], $2::timestamptz[], $3::boolean[]) video(sound_id, created_at, new_creator), unnest('{hour,day,week}'::text[]) unit
group by sound_id, unit, date_trunc(unit, created_at, 'UTC') order by 1, 2, 3
on conflict (sound_id, "interval", at) do update set
    video_count = g.video_count + excluded.video_count, new_creator_count = g.new_creator_count + excluded.new_creator_count

-- name: add_trend_counters :execute
insert into trend_counters as c (sound_id, region, niche_id, at, trusted, young, trusted_videos, young_videos)
select sound_id, region, niche_id, at,
    case when trusted_videos = 0 then '{0,0,0,0}' else array[trusted_1, trusted_2, trusted_3, trusted_4] end,
    case when young_videos = 0 then '{0,0,0,0}' else array[young_1, young_2, young_3, young_4] end,
    trusted_videos, young_videos
from unnest($1::bigint[], $2::text[], $3::smallint[], $4::timestamptz[], $5::double precision[], $6::double precision[],
        $7::double precision[], $8::double precision[], $9::double precision[], $10::double precision[], $11::double precision[],
        $12::double precision[], $13::bigint[], $14::bigint[])
    added(sound_id, region, niche_id, at, trusted_1, trusted_2, trusted_3, trusted_4, young_1, young_2, young_3, young_4, trusted_videos, young_videos)
on conflict (sound_id, region, niche_id) do update set
    at = greatest(c.at, excluded.at),
    trusted = case when c.trusted_videos + excluded.trusted_videos = 0 then '{0,0,0,0}'
        else merged_sums(c.trusted, c.at, excluded.trusted, excluded.at) end,
    young = case when c.young_videos + excluded.young_videos = 0 then '{0,0,0,0}'
        else merged_sums(c.young, c.at, excluded.young, excluded.at) end,
    trusted_videos = c.trusted_videos + excluded.trusted_videos,
    young_videos = c.young_videos + excluded.young_videos

-- name: take_trend_counters :execute
-- What is taken away was there, and the checks of a table see the row that an insert proposes, conflict or not.
update trend_counters c set
    at = greatest(c.at, taken.at),
    trusted = case when c.trusted_videos + taken.trusted_videos = 0 then '{0,0,0,0}'
        else merged_sums(c.trusted, c.at, array[trusted_1, trusted_2, trusted_3, trusted_4], taken.at) end,
    young = case when c.young_videos + taken.young_videos = 0 then '{0,0,0,0}'
        else merged_sums(c.young, c.at, array[young_1, young_2, young_3, young_4], taken.at) end,
    trusted_videos = c.trusted_videos + taken.trusted_videos,
    young_videos = c.young_videos + taken.young_videos
from unnest($1::bigint[], $2::text[], $3::smallint[], $4::timestamptz[], $5::double precision[], $6::double precision[],
        $7::double precision[], $8::double precision[], $9::double precision[], $10::double precision[], $11::double precision[],
        $12::double precision[], $13::bigint[], $14::bigint[])
    taken(sound_id, region, niche_id, at, trusted_1, trusted_2, trusted_3, trusted_4, young_1, young_2, young_3, young_4, trusted_videos, young_videos)
where c.sound_id = taken.sound_id and c.region = taken.region and c.niche_id = taken.niche_id

-- name: add_trend_scopes :execute
-- A scope of all niches is due five seconds after it was last scored, a niche's after a minute, or after five seconds while somebody asks for it.
insert into trend_scopes as s (region, niche_id, at, trusted, trusted_videos, changed_at)
select region, niche_id, at,
    case when trusted_videos = 0 then '{0,0,0,0}' else array[trusted_1, trusted_2, trusted_3, trusted_4] end,
    trusted_videos, $9
from unnest($1::text[], $2::smallint[], $3::timestamptz[], $4::double precision[], $5::double precision[], $6::double precision[],
        $7::double precision[], $8::bigint[])
    added(region, niche_id, at, trusted_1, trusted_2, trusted_3, trusted_4, trusted_videos)
on conflict (region, niche_id) do update set
    at = greatest(s.at, excluded.at),
    trusted = case when s.trusted_videos + excluded.trusted_videos = 0 then '{0,0,0,0}'
        else merged_sums(s.trusted, s.at, excluded.trusted, excluded.at) end,
    trusted_videos = s.trusted_videos + excluded.trusted_videos,
    changed_at = excluded.changed_at,
    due_at = least(s.due_at, s.scored_at + case when s.niche_id = 0 or s.wanted_at > $9 - interval '1 minute'
        then interval '5 seconds' else interval '1 minute' end)

-- name: take_trend_scopes :execute
update trend_scopes s set
    at = greatest(s.at, taken.at),
    trusted = case when s.trusted_videos + taken.trusted_videos = 0 then '{0,0,0,0}'
        else merged_sums(s.trusted, s.at, array[trusted_1, trusted_2, trusted_3, trusted_4], taken.at) end,
    trusted_videos = s.trusted_videos + taken.trusted_videos,
    changed_at = $9,
    due_at = least(s.due_at, s.scored_at + interval '5 seconds')
from unnest($1::text[], $2::smallint[], $3::timestamptz[], $4::double precision[], $5::double precision[], $6::double precision[],
        $7::double precision[], $8::bigint[])
    taken(region, niche_id, at, trusted_1, trusted_2, trusted_3, trusted_4, trusted_videos)
where s.region = taken.region and s.niche_id = taken.niche_id
