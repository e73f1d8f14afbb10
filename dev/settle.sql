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
-- Sounds that five trusted people or more took up within an hour, one in two hundred of all who ever did: their makers, for whom the editors have a place.
create temporary table sample_rising on commit drop as
select s.creator_id, s.id sound_id, max(v.created_at) at
from sounds s join users u on u.id = s.creator_id join videos v on v.sound_id = s.id
where u.status = 'ACTIVE' and not v.hidden and v.trusted and v.created_at > $1::timestamptz - interval '14 days'
group by s.creator_id, s.id, s.video_count, date_trunc('hour', v.created_at, 'UTC')
having count(distinct v.creator_id) >= 5 and count(*) > s.video_count / 200

-- step: playlists
insert into playlist_collaborators (playlist_id, user_id, role, added_at)
select id, creator_id, 'EDITOR', greatest(created_at, $1::timestamptz - creator_id % 40 * interval '1 hour')
from (select distinct creator_id from sample_rising) made join playlists p on p.id = 1 + creator_id % 30
where kind = 'EDITORIAL' and owner_id <> creator_id
    and not exists (select from playlist_collaborators c where c.playlist_id = p.id and c.user_id = creator_id)
    and not exists (select from playlist_followers f where f.playlist_id = p.id and f.user_id = creator_id)

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

-- step: notifications
-- What people would have been told in the last two weeks (trending/notifying.py), as though everybody had looked a week ago. Older than the log, so that
-- whatever is told from now on comes after them.
insert into notifications (user_id, kind, subject_kind, subject_key, actor_id, count, sequence, occurred_at, is_read)
with facts (user_id, kind, subject_kind, subject_key, actor_id, occurred_at) as (
    select followed_id, 'FOLLOWED' collate "C", 'USER' collate "C", array[user_id], user_id, created_at from follows
    union all
    select s.creator_id, 'SOUND_USED', 'SOUND', array[s.id], v.creator_id, v.created_at
    from sounds s join videos v on v.sound_id = s.id where not v.hidden
    union all
    select creator_id, 'SOUND_RISING', 'SOUND', array[sound_id], null, at from sample_rising
    union all
    select c.user_id, 'COLLABORATOR_ADDED', 'PLAYLIST', array[p.id], p.owner_id, c.added_at
    from playlist_collaborators c join playlists p on p.id = c.playlist_id
    union all
    select v.creator_id, 'COMMENTED', 'VIDEO_COMMENT', array[c.sound_id, c.id], c.author_id, c.created_at
    from video_comments c join videos v on v.sound_id = c.sound_id and v.id = c.video_id where not c.hidden
    union all
    select v.creator_id, 'LIKED', 'VIDEO', array[v.sound_id, v.id], l.user_id, l.created_at
    from video_likes l join videos v on v.sound_id = l.sound_id and v.id = l.video_id
    union all
    select c.author_id, 'LIKED', 'VIDEO_COMMENT', array[c.sound_id, c.id], l.user_id, l.created_at
    from video_comment_likes l join video_comments c on c.sound_id = l.sound_id and c.id = l.comment_id
    union all
    select c.author_id, 'LIKED', 'TRACK_COMMENT', array[c.track_id, c.id], l.user_id, l.created_at
    from track_comment_likes l join track_comments c on c.track_id = l.track_id and c.id = l.comment_id),
told as (
    select f.user_id, f.kind, subject_kind, subject_key, max(occurred_at) occurred_at,
        (array_agg(actor_id order by occurred_at desc, actor_id))[1] actor_id,
        count(*) facts, count(*) filter (where occurred_at > $1::timestamptz - interval '7 days') unread
    from facts f left join users a on a.id = f.actor_id
    where occurred_at > $1::timestamptz - interval '14 days' and f.user_id is distinct from actor_id and f.user_id is not null
        and (actor_id is null or a.status = 'ACTIVE')
        and (f.user_id, coalesce(actor_id, 0)) not in (select user_id, blocked_id from blocks union all select blocked_id, user_id from blocks)
    group by f.user_id, f.kind, subject_kind, subject_key)
select user_id, kind, subject_kind, subject_key, actor_id,
    case when kind not in ('LIKED', 'SOUND_USED') then 1 when unread > 0 then unread else facts end,
    1 - row_number() over (order by occurred_at desc, user_id, kind, subject_kind, subject_key), occurred_at, unread = 0
from told order by occurred_at, user_id, kind, subject_kind, subject_key
