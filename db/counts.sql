-- Counts that pages show, kept by the worker from the log: what a batch of facts adds and takes is summed per key, and each key written once, in the keys' order.

-- name: facts_to_count :rows
select type, occurred_at, logged_at, body from log where sequence > $1 and sequence <= $2 and type = any($3::text[]) order by sequence

-- name: update_in_order :execute
-- A hash join would lock the rows of an update in the table's order, and who locks two users in theirs could deadlock with it.
select set_config('enable_hashjoin', 'off', true)

-- name: add_to_sounds :execute
update sounds s set
    video_count = s.video_count + added.videos,
    creator_count = s.creator_count + added.creators,
    view_count = s.view_count + added.views,
    member_count = s.member_count + added.members,
    save_count = s.save_count + added.saves,
    share_count = s.share_count + added.shares,
    (first_video_id, founder_id) = (
        select v.id, v.creator_id from videos v where v.sound_id = s.id and not v.hidden order by v.created_at, v.id limit 1)
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[])
    added(id, videos, creators, views, members, saves, shares)
where s.id = added.id

-- name: add_to_users :execute
update users u set
    video_count = u.video_count + added.videos,
    follower_count = u.follower_count + added.followers,
    following_count = u.following_count + added.following
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) added(id, videos, followers, following)
where u.id = added.id

-- name: add_to_artists :execute
update artists a set follower_count = a.follower_count + added.followers
from unnest($1::bigint[], $2::bigint[]) added(id, followers)
where a.id = added.id

-- name: add_to_tracks :execute
update tracks t set save_count = t.save_count + added.saves
from unnest($1::bigint[], $2::bigint[]) added(id, saves)
where t.id = added.id

-- name: add_to_playlists :execute
update playlists p set follower_count = p.follower_count + added.followers
from unnest($1::bigint[], $2::bigint[]) added(id, followers)
where p.id = added.id

-- name: add_to_videos :execute
update videos v set
    like_count = v.like_count + added.likes,
    comment_count = v.comment_count + added.comments,
    share_count = v.share_count + added.shares
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[]) added(sound_id, id, likes, comments, shares)
where v.sound_id = added.sound_id and v.id = added.id

-- name: add_to_video_comments :execute
update video_comments c set like_count = c.like_count + added.likes
from unnest($1::bigint[], $2::bigint[], $3::bigint[]) added(sound_id, id, likes)
where c.sound_id = added.sound_id and c.id = added.id

-- name: add_to_track_comments :execute
update track_comments c set like_count = c.like_count + added.likes
from unnest($1::bigint[], $2::bigint[], $3::bigint[]) added(track_id, id, likes)
where c.track_id = added.track_id and c.id = added.id

-- name: add_to_hashtags :execute
update hashtags h set video_count = h.video_count + added.videos
from unnest($1::text[], $2::bigint[]) added(name, videos)
where h.name = added.name

-- name: add_to_community_niches :execute
-- Only the worker writes here, so nobody is between the look and the insert. A row whose videos are all gone stays, and says 0.
merge into community_niches c
using (
    select added.*, (
        select min(v.created_at) from video_niches v
        where v.sound_id = added.sound_id and v.niche_id = added.niche_id and not v.hidden) first_at
    from unnest($1::bigint[], $2::smallint[], $3::bigint[]) added(sound_id, niche_id, videos)) added
on c.sound_id = added.sound_id and c.niche_id = added.niche_id
when matched then update set video_count = c.video_count + added.videos, first_seen_at = coalesce(added.first_at, c.first_seen_at)
when not matched and added.videos > 0 then
    insert (sound_id, niche_id, video_count, first_seen_at) values (added.sound_id, added.niche_id, added.videos, coalesce(added.first_at, now()))

-- name: add_to_community_regions :execute
merge into community_regions c
using (
    select added.*, (
        select min(v.created_at) from videos v where v.sound_id = added.sound_id and v.region = added.region and not v.hidden) first_at
    from unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[]) added(sound_id, region, videos, creators)) added
on c.sound_id = added.sound_id and c.region = added.region
when matched then update set
    video_count = c.video_count + added.videos,
    creator_count = c.creator_count + added.creators,
    first_seen_at = coalesce(added.first_at, c.first_seen_at)
when not matched and added.videos > 0 then
    insert (sound_id, region, video_count, creator_count, first_seen_at)
    values (added.sound_id, added.region, added.videos, added.creators, coalesce(added.first_at, now()))

-- name: add_to_community_growth :execute
-- A sample world has no hours of long ago: what is taken from them is taken from nothing.
merge into community_growth g
using unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bigint[], $5::bigint[]) added(sound_id, unit, at, videos, creators)
on g.sound_id = added.sound_id and g."interval" = added.unit and g.at = added.at
when matched then update set
    video_count = g.video_count + added.videos, new_creator_count = g.new_creator_count + added.creators
when not matched and added.videos > 0 then
    insert (sound_id, "interval", at, video_count, new_creator_count)
    values (added.sound_id, added.unit, added.at, added.videos, added.creators)

-- name: videos_ahead :rows
select sound_id, video_id, counts_at from videos_ahead join unnest($1::bigint[], $2::bigint[]) asked(s, v) on sound_id = s and video_id = v

-- name: keep_videos_ahead :execute
insert into videos_ahead (sound_id, video_id, counts_at) select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[])

-- name: forget_videos_ahead :execute
delete from videos_ahead using unnest($1::bigint[], $2::bigint[]) gone(s, v) where sound_id = s and video_id = v

-- name: add_trend_counters :execute
-- What is added may be less than nothing. Where no video is left the sums are exactly 0.
merge into trend_counters c
using (
    select sound_id, region, niche_id, at, array[trusted_1, trusted_2, trusted_3, trusted_4] trusted, array[young_1, young_2, young_3, young_4] young,
        trusted_videos, young_videos
    from unnest($1::bigint[], $2::text[], $3::smallint[], $4::timestamptz[], $5::double precision[], $6::double precision[],
            $7::double precision[], $8::double precision[], $9::double precision[], $10::double precision[], $11::double precision[],
            $12::double precision[], $13::bigint[], $14::bigint[])
        added(sound_id, region, niche_id, at, trusted_1, trusted_2, trusted_3, trusted_4, young_1, young_2, young_3, young_4, trusted_videos, young_videos)
    ) added
on c.sound_id = added.sound_id and c.region = added.region and c.niche_id = added.niche_id
when matched then update set
    at = greatest(c.at, added.at),
    trusted = case when c.trusted_videos + added.trusted_videos = 0 then '{0,0,0,0}' else merged_sums(c.trusted, c.at, added.trusted, added.at) end,
    young = case when c.young_videos + added.young_videos = 0 then '{0,0,0,0}' else merged_sums(c.young, c.at, added.young, added.at) end,
    trusted_videos = c.trusted_videos + added.trusted_videos,
    young_videos = c.young_videos + added.young_videos
when not matched and added.trusted_videos + added.young_videos > 0 then
    insert (sound_id, region, niche_id, at, trusted, young, trusted_videos, young_videos)
    values (added.sound_id, added.region, added.niche_id, added.at,
        case when added.trusted_videos = 0 then '{0,0,0,0}' else added.trusted end,
        case when added.young_videos = 0 then '{0,0,0,0}' else added.young end, added.trusted_videos, added.young_videos)

-- name: add_trend_scopes :execute
-- A scope of all niches is due five seconds after it was last scored, a niche's after a minute, or after five seconds while somebody asks for it,
-- or where less is left: what was taken away leaves every chart.
merge into trend_scopes s
using (
    select region, niche_id, at, array[trusted_1, trusted_2, trusted_3, trusted_4] trusted, trusted_videos
    from unnest($1::text[], $2::smallint[], $3::timestamptz[], $4::double precision[], $5::double precision[], $6::double precision[],
            $7::double precision[], $8::bigint[])
        added(region, niche_id, at, trusted_1, trusted_2, trusted_3, trusted_4, trusted_videos)) added
on s.region = added.region and s.niche_id = added.niche_id
when matched then update set
    at = greatest(s.at, added.at),
    trusted = case when s.trusted_videos + added.trusted_videos = 0 then '{0,0,0,0}' else merged_sums(s.trusted, s.at, added.trusted, added.at) end,
    trusted_videos = s.trusted_videos + added.trusted_videos,
    changed_at = $9::timestamptz,
    due_at = least(s.due_at, s.scored_at + case when s.niche_id = 0 or s.wanted_at > $9::timestamptz - interval '1 minute' or added.trusted_videos < 0
        then interval '5 seconds' else interval '1 minute' end)
when not matched then
    insert (region, niche_id, at, trusted, trusted_videos, changed_at)
    values (added.region, added.niche_id, added.at, case when added.trusted_videos = 0 then '{0,0,0,0}' else added.trusted end, added.trusted_videos, $9)
