-- What the sample world derives from the facts that were copied in: lists by another owner, counts, communities, decayed sums.
-- Each statement runs once, in this order, in the transaction of the COPY; $1 is the world's now. No index exists meanwhile.

-- step: videos
insert into videos (sound_id, id, creator_id, caption, hashtags, niche_ids, region, duration_ms, thumbnail_url, created_at, response_to_sound_id,
    response_to_id, response_kind, view_count, like_count, comment_count, share_count, top_score, hidden, weight, trusted, new_creator)
select sound_id, id, creator_id, caption, hashtags, niche_ids, region, duration_ms, thumbnail_url, created_at, response_to_sound_id,
    response_to_id, response_kind, view_count, like_count, comment_count, share_count,
    top_score(like_count, comment_count, share_count, view_count, created_at), hidden, weight, trusted, new_creator
from sample_videos

-- step: videos
drop table sample_videos

-- step: videos
insert into video_niches (sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score, hidden)
select sound_id, id, unnest(niche_ids), region, creator_id, trusted, created_at, top_score, hidden from videos

-- step: videos
-- Those of a suspended creator too: by this list a suspension finds them, and ends.
insert into user_videos (user_id, created_at, sound_id, video_id) select creator_id, created_at, sound_id, id from videos

-- step: hashtags
insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
select unnest(hashtags), created_at, sound_id, id, top_score from videos where not hidden

-- step: hashtags
insert into hashtags (name, video_count) select hashtag, count(*) from hashtag_videos group by hashtag

-- step: communities
insert into community_creators (sound_id, creator_id, video_count, first_posted_at, last_posted_at, region, earlier)
select sound_id, creator_id, count(*), min(created_at), max(created_at), (array_agg(region order by created_at, id))[1],
    sum(decayed(1, date_part('epoch', last_posted_at - created_at) / 3600, 1344))
from (
    select sound_id, creator_id, region, created_at, id, max(created_at) over (partition by sound_id, creator_id) last_posted_at
    from videos where not hidden) v
group by sound_id, creator_id

-- step: communities
insert into community_niches (sound_id, niche_id, video_count, first_seen_at)
select sound_id, niche_id, count(*), min(created_at) from video_niches where not hidden group by sound_id, niche_id

-- step: communities
-- A creator counts once, in the region of the first video.
insert into community_regions (sound_id, region, video_count, creator_count, first_seen_at)
select sound_id, region, count(*), count(*) filter (where new_creator), min(created_at)
from videos where not hidden group by sound_id, region

-- step: growth
insert into community_growth (sound_id, "interval", at, video_count, new_creator_count)
select sound_id, upper(unit), date_trunc(unit, created_at, 'UTC'), count(*), count(*) filter (where new_creator)
from videos, unnest('{hour,day,week}'::text[]) unit
where not hidden and (unit <> 'hour' or created_at >= date_trunc('hour', $1::timestamptz - interval '14 days', 'UTC'))
group by sound_id, unit, date_trunc(unit, created_at, 'UTC')

-- step: communities
insert into user_communities (user_id, sound_id, created_at) select user_id, sound_id, created_at from community_members

-- step: sounds
update sounds s set
    video_count = v.videos, creator_count = v.creators, view_count = v.views, first_video_id = v.first_id, founder_id = v.first_creator
from (
    select sound_id, count(*) videos, count(distinct creator_id) creators, sum(view_count) views,
        (array_agg(id order by created_at, id))[1] first_id, (array_agg(creator_id order by created_at, id))[1] first_creator
    from videos where not hidden group by sound_id) v
where s.id = v.sound_id

-- step: sounds
update sounds s set member_count = m.members, save_count = m.saves
from (
    select sound_id, count(*) filter (where member) members, count(*) filter (where not member) saves
    from (select sound_id, true from community_members union all select sound_id, false from saved_sounds) fact(sound_id, member)
    group by sound_id) m
where s.id = m.sound_id

-- step: sounds
-- Some clips are cleared for a few countries only, at least for those where they were used.
update sounds s set rights_territories = r.regions
from (
    select sound_id, array_agg(region order by region) regions from community_regions where sound_id % 23 = 5 and region <> 'ZZ' group by sound_id) r
where s.id = r.sound_id and s.track_id is not null
    and not exists (select from videos v where v.sound_id = s.id and v.hidden)

-- step: sounds
insert into track_sounds (track_id, created_at, sound_id) select track_id, created_at, id from sounds where track_id is not null

-- step: sounds
insert into user_sounds (user_id, created_at, sound_id) select creator_id, created_at, id from sounds where creator_id is not null

-- step: sounds
insert into sound_derivatives (derived_from_id, created_at, sound_id)
select derived_from_id, created_at, id from sounds where derived_from_id is not null

-- step: trends
-- The four decays of a video are computed once, then it is counted in each of its scopes; unknown regions have a name of their own, ZZ.
insert into trend_counters (sound_id, region, niche_id, at, trusted, young, trusted_videos, young_videos)
select sound_id, coalesce(region, 'GLOBAL'), niche_id, $1::timestamptz,
    array[coalesce(sum(sum_1) filter (where trusted), 0), coalesce(sum(sum_2) filter (where trusted), 0),
        coalesce(sum(sum_3) filter (where trusted), 0), coalesce(sum(sum_4) filter (where trusted), 0)],
    array[coalesce(sum(sum_1) filter (where not trusted), 0), coalesce(sum(sum_2) filter (where not trusted), 0),
        coalesce(sum(sum_3) filter (where not trusted), 0), coalesce(sum(sum_4) filter (where not trusted), 0)],
    count(*) filter (where trusted), count(*) filter (where not trusted)
from (
    select sound_id, region, trusted, unnest(0::smallint || niche_ids) niche_id,
        decayed(weight, hours, 1) sum_1, decayed(weight, hours, 24) sum_2, decayed(weight, hours, 168) sum_3, decayed(weight, hours, 1344) sum_4
    from (select *, date_part('epoch', $1::timestamptz - created_at) / 3600 hours from videos where not hidden offset 0) v) placed
group by grouping sets ((sound_id, niche_id, region), (sound_id, niche_id))
order by sound_id, niche_id, region nulls first

-- step: trends
-- In order, because a sum of floats depends on it.
insert into trend_scopes (region, niche_id, at, trusted, trusted_videos, changed_at)
select region, niche_id, $1::timestamptz, array[sum(trusted[1]), sum(trusted[2]), sum(trusted[3]), sum(trusted[4])], sum(trusted_videos), $1::timestamptz
from (select * from trend_counters order by region, niche_id, sound_id) c group by region, niche_id

-- step: artists
-- The order of an artist's top sounds, as trending/top_scores.py keeps it.
insert into artist_sounds (artist_id, sound_id, top_score)
select distinct c.artist_id, s.id, s.video_count::double precision from track_credits c join sounds s using (track_id)

-- step: artists
insert into artist_tracks (artist_id, released_on, track_id)
select distinct c.artist_id, coalesce(t.released_on, '0001-01-01'), t.id from track_credits c join tracks t on t.id = c.track_id

-- step: artists
insert into artist_releases (artist_id, released_on, release_id)
select distinct c.artist_id, coalesce(r.released_on, '0001-01-01'), r.id from release_credits c join releases r on r.id = c.release_id

-- step: artists
update artists a set follower_count = f.followers
from (select artist_id, count(*) followers from artist_follows group by artist_id) f where a.id = f.artist_id

-- step: artists
update tracks t set save_count = f.saves from (select track_id, count(*) saves from saved_tracks group by track_id) f where t.id = f.track_id

-- step: artists
insert into isrcs (isrc, track_id) select isrc, id from tracks where isrc is not null

-- step: artists
insert into upcs (upc, release_id) select upc, id from releases where upc is not null

-- step: artists
insert into mbids (mbid, kind, id)
select mbid, 'ARTIST', id from artists where mbid is not null union all select mbid, 'TRACK', id from tracks where mbid is not null

-- step: people
insert into handles (handle, user_id) select handle, id from users

-- step: people
insert into identities (subject, user_id) select 'sample|' || handle, id from users

-- step: people
insert into followers (user_id, follower_id, created_at) select followed_id, user_id, created_at from follows

-- step: people
insert into blocked_by (user_id, blocker_id) select blocked_id, user_id from blocks

-- step: people
update users u set
    video_count = coalesce(v.videos, 0), follower_count = coalesce(f.followers, 0), following_count = coalesce(g.following, 0)
from users w
    left join (select creator_id, count(*) videos from videos where not hidden group by creator_id) v on v.creator_id = w.id
    left join (select user_id, count(*) followers from followers group by user_id) f on f.user_id = w.id
    left join (select user_id, count(*) following from follows group by user_id) g on g.user_id = w.id
where u.id = w.id

-- step: playlists
update playlists p set item_count = i.entries, duration_ms = i.lasts, follower_count = coalesce(f.followers, 0)
from (
    select i.playlist_id, count(*) entries, sum(coalesce(t.duration_ms, s.duration_ms)) lasts
    from playlist_items i
        left join tracks t on i.kind = 'TRACK' and t.id = i.entry_id
        left join sounds s on i.kind = 'SOUND' and s.id = i.entry_id
    group by i.playlist_id) i
    left join (select playlist_id, count(*) followers from playlist_followers group by playlist_id) f using (playlist_id)
where p.id = i.playlist_id

-- step: playlists
insert into share_tokens (token, playlist_id) select share_token, id from playlists where share_token is not null

-- step: playlists
insert into user_playlists (user_id, created_at, playlist_id, listed)
select owner_id, created_at, id, visibility = 'PUBLIC' from playlists
union all select user_id, added_at, playlist_id, false from playlist_collaborators

-- step: neighbours
-- trending/: of a sound's newest 2,000 creators, how many used the other one too in their last 50 videos; the best 50 are kept.
insert into community_neighbours (sound_id, neighbour_id, shared_creator_count, overlap)
with creators as (
    select sound_id, creator_id, count(*) over (partition by sound_id) considered
    from (
        select sound_id, creator_id, row_number() over (partition by sound_id order by first_posted_at desc, creator_id desc) place
        from community_creators) newest
    where place <= 2000),
recent as (
    select distinct user_id, sound_id
    from (
        select user_id, sound_id, row_number() over (partition by user_id order by created_at desc, sound_id desc, video_id desc) place
        from user_videos) newest
    where place <= 50)
select sound_id, neighbour_id, shared, shared::double precision / considered
from (
    select c.sound_id, r.sound_id neighbour_id, count(*) shared, max(c.considered) considered,
        row_number() over (partition by c.sound_id order by count(*) desc, r.sound_id) place
    from creators c join recent r on r.user_id = c.creator_id and r.sound_id <> c.sound_id
    group by c.sound_id, r.sound_id) found
where place <= 50

-- step: neighbours
insert into neighbour_refreshes (sound_id, refreshed_at, creator_count)
select id, $1::timestamptz, creator_count from sounds where creator_count > 0
