-- Every count and every copy, counted again from the facts by other statements than made them; each answers with the rows that differ.
-- Counts of grouped rows are read with min(): in the place of a table may stand one with its rows as they will be counted, of which Postgres knows no key.

-- sounds.videos
select s.id from sounds s left join videos v on v.sound_id = s.id and not v.hidden
group by s.id having min(s.video_count) <> count(v.id) or min(s.creator_count) <> count(distinct v.creator_id) or min(s.view_count) <> coalesce(sum(v.view_count), 0)

-- sounds.first_video
select s.id from sounds s left join (select distinct on (sound_id) sound_id, id, creator_id from videos where not hidden order by sound_id, created_at, id) v
    on v.sound_id = s.id
where (s.first_video_id, s.founder_id) is distinct from (v.id, v.creator_id)

-- sounds.members
select p.id from sounds p left join community_members r on r.sound_id = p.id group by p.id having min(p.member_count) <> count(r.sound_id)

-- sounds.saves
select p.id from sounds p left join saved_sounds r on r.sound_id = p.id group by p.id having min(p.save_count) <> count(r.sound_id)

-- sounds.shares
-- The shares of a sample world are counts without rows.
select p.id from sounds p left join (select subject_id, count(*) shares from shares where subject_kind = 'SOUND' group by 1) s on s.subject_id = p.id
where p.share_count < coalesce(shares, 0) or p.share_count > coalesce(shares, 0) and not exists (select from sample_worlds)

-- users.videos
select u.id from users u left join videos v on v.creator_id = u.id and not v.hidden group by u.id having min(u.video_count) <> count(v.id)

-- users.followers
select p.id from users p left join followers r on r.user_id = p.id group by p.id having min(p.follower_count) <> count(r.user_id)

-- users.following
select p.id from users p left join follows r on r.user_id = p.id group by p.id having min(p.following_count) <> count(r.user_id)

-- artists.followers
select p.id from artists p left join artist_follows r on r.artist_id = p.id group by p.id having min(p.follower_count) <> count(r.artist_id)

-- tracks.saves
select p.id from tracks p left join saved_tracks r on r.track_id = p.id group by p.id having min(p.save_count) <> count(r.track_id)

-- tracks.plays
-- The plays and views of a sample world are counts without rows.
select t.id from tracks t left join (select subject_id, sum(play_count) plays from play_facts where subject_kind = 'TRACK' group by 1) p on p.subject_id = t.id
where t.play_count < coalesce(plays, 0) or t.play_count > coalesce(plays, 0) and not exists (select from sample_worlds)

-- videos.views
select v.sound_id, v.id from videos v
left join (select sound_id, subject_id, sum(play_count) plays from play_facts where subject_kind = 'VIDEO' group by 1, 2) p
    on p.sound_id = v.sound_id and p.subject_id = v.id
where v.view_count < coalesce(plays, 0) or v.view_count > coalesce(plays, 0) and not exists (select from sample_worlds)

-- videos.likes
select v.sound_id, v.id from videos v left join video_likes l on l.sound_id = v.sound_id and l.video_id = v.id
group by v.sound_id, v.id having min(v.like_count) <> count(l.user_id)

-- videos.comments
select v.sound_id, v.id from videos v left join video_comments c on c.sound_id = v.sound_id and c.video_id = v.id and not c.hidden
group by v.sound_id, v.id having min(v.comment_count) <> count(c.id)

-- videos.shares
select v.sound_id, v.id from videos v
left join (select sound_id, subject_id, count(*) shares from shares where subject_kind = 'VIDEO' group by 1, 2) s on s.sound_id = v.sound_id and s.subject_id = v.id
where v.share_count < coalesce(shares, 0) or v.share_count > coalesce(shares, 0) and not exists (select from sample_worlds)

-- videos.hidden
select v.id from videos v join users u on u.id = v.creator_id where v.hidden <> (u.status <> 'ACTIVE')

-- videos.new_creator
select min(id) from videos group by sound_id, creator_id having count(*) filter (where new_creator) <> 1

-- video_comments.likes
select c.id from video_comments c join videos v on v.sound_id = c.sound_id and v.id = c.video_id
    left join video_comment_likes l on l.sound_id = c.sound_id and l.comment_id = c.id
group by c.sound_id, c.id having min(c.like_count) <> count(l.user_id)

-- track_comments.likes
select c.id from track_comments c left join track_comment_likes l on l.track_id = c.track_id and l.comment_id = c.id
group by c.track_id, c.id having min(c.like_count) <> count(l.user_id)

-- video_erasures
-- What stands under no video, and is not to be erased either.
select sound_id, video_id from (
    select sound_id, video_id from video_likes union select sound_id, video_id from video_comments
    union select sound_id, subject_id from shares where subject_kind = 'VIDEO'
    except select sound_id, id from videos except select sound_id, video_id from video_erasures) orphans

-- comments.hidden
select c.id from (select id, author_id, hidden from video_comments union all select id, author_id, hidden from track_comments) c
join users u on u.id = c.author_id where c.hidden <> (u.status <> 'ACTIVE')

-- video_niches
(select sound_id, id, n, region, creator_id, trusted, created_at, top_score, hidden from videos cross join unnest(niche_ids) n
    except select sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score, hidden from video_niches)
union all
(select sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score, hidden from video_niches
    except select sound_id, id, n, region, creator_id, trusted, created_at, top_score, hidden from videos cross join unnest(niche_ids) n)

-- user_videos
(select creator_id, created_at, sound_id, id from videos except select user_id, created_at, sound_id, video_id from user_videos)
union all (select user_id, created_at, sound_id, video_id from user_videos except select creator_id, created_at, sound_id, id from videos)

-- hashtag_videos
(select h, created_at, sound_id, id, top_score from videos cross join unnest(hashtags) h where not hidden
    except select hashtag, created_at, sound_id, video_id, top_score from hashtag_videos)
union all
(select hashtag, created_at, sound_id, video_id, top_score from hashtag_videos
    except select h, created_at, sound_id, id, top_score from videos cross join unnest(hashtags) h where not hidden)

-- hashtags
select coalesce(h.name, v.name) from hashtags h
full join (select h name, count(*) videos from videos cross join unnest(hashtags) h where not hidden group by h) v on v.name = h.name
where h.video_count is distinct from coalesce(v.videos, 0)

-- community_creators
select coalesce(c.creator_id, v.creator_id) from community_creators c full join (
    select sound_id, creator_id, count(*) videos, min(created_at) first, max(created_at) last from videos where not hidden group by sound_id, creator_id) v
    on v.sound_id = c.sound_id and v.creator_id = c.creator_id
where (c.video_count, c.first_posted_at, c.last_posted_at) is distinct from (v.videos, v.first, v.last)

-- community_creators.region
select c.creator_id from community_creators c join videos v on v.sound_id = c.sound_id and v.creator_id = c.creator_id and v.new_creator
where c.region <> v.region

-- community_creators.earlier
select c.creator_id from community_creators c join videos v on v.sound_id = c.sound_id and v.creator_id = c.creator_id and not v.hidden
group by c.sound_id, c.creator_id
having abs(c.earlier - sum(exp(-ln(2) * extract(epoch from c.last_posted_at - v.created_at)::double precision / 3600 / 1344))) > 1e-9

-- community_niches
select coalesce(c.sound_id, v.sound_id) from (select * from community_niches where video_count > 0) c full join (
    select sound_id, n niche_id, count(*) videos, min(created_at) first from videos cross join unnest(niche_ids) n where not hidden group by sound_id, n) v
    on v.sound_id = c.sound_id and v.niche_id = c.niche_id
where (c.video_count, c.first_seen_at) is distinct from (v.videos, v.first)

-- community_regions
select coalesce(c.sound_id, v.sound_id) from (select * from community_regions where video_count + creator_count > 0) c full join (
    select sound_id, region, count(*) videos, min(created_at) first from videos where not hidden group by sound_id, region) v
    on v.sound_id = c.sound_id and v.region = c.region
left join (select sound_id, region, count(*) creators from community_creators group by sound_id, region) k on k.sound_id = c.sound_id and k.region = c.region
where (c.video_count, c.first_seen_at, c.creator_count) is distinct from (v.videos, v.first, coalesce(k.creators, 0))

-- community_growth
-- A sample world has no hours of more than two weeks before it was made.
select coalesce(g.sound_id, v.sound_id) from (select * from community_growth where video_count + new_creator_count > 0) g full join (
    select sound_id, unit, date_trunc(lower(unit), created_at, 'UTC') at, count(*) videos, count(*) filter (where new_creator) creators
    from videos cross join unnest('{HOUR,DAY,WEEK}'::text[]) unit
    where not hidden and (unit <> 'HOUR'
        or created_at >= coalesce((select date_trunc('hour', world_now - interval '14 days', 'UTC') from sample_worlds), '-infinity'))
    group by sound_id, unit, date_trunc(lower(unit), created_at, 'UTC')) v on v.sound_id = g.sound_id and v.unit = g."interval" and v.at = g.at
where (g.video_count, g.new_creator_count) is distinct from (v.videos, v.creators)

-- community_members
(select user_id, sound_id, created_at from community_members except select user_id, sound_id, created_at from user_communities)
union all (select user_id, sound_id, created_at from user_communities except select user_id, sound_id, created_at from community_members)

-- followers
(select user_id, followed_id, created_at from follows except select follower_id, user_id, created_at from followers)
union all (select follower_id, user_id, created_at from followers except select user_id, followed_id, created_at from follows)

-- follows.blocks
select f.user_id from follows f join blocks b on (b.user_id, b.blocked_id) in ((f.user_id, f.followed_id), (f.followed_id, f.user_id))

-- blocked_by
(select user_id, blocked_id from blocks except select blocker_id, user_id from blocked_by)
union all (select blocker_id, user_id from blocked_by except select user_id, blocked_id from blocks)

-- track_sounds
(select track_id, created_at, id from sounds where track_id is not null except select track_id, created_at, sound_id from track_sounds)
union all (select track_id, created_at, sound_id from track_sounds except select track_id, created_at, id from sounds)

-- user_sounds
(select creator_id, created_at, id from sounds where creator_id is not null except select user_id, created_at, sound_id from user_sounds)
union all (select user_id, created_at, sound_id from user_sounds except select creator_id, created_at, id from sounds)

-- sound_derivatives
(select derived_from_id, created_at, id from sounds where derived_from_id is not null except select derived_from_id, created_at, sound_id from sound_derivatives)
union all (select derived_from_id, created_at, sound_id from sound_derivatives except select derived_from_id, created_at, id from sounds)

-- artist_tracks
(select c.artist_id, coalesce(t.released_on, '0001-01-01'), t.id from track_credits c join tracks t on t.id = c.track_id
    except select artist_id, released_on, track_id from artist_tracks)
union all
(select artist_id, released_on, track_id from artist_tracks
    except select c.artist_id, coalesce(t.released_on, '0001-01-01'), t.id from track_credits c join tracks t on t.id = c.track_id)

-- artist_releases
(select c.artist_id, coalesce(r.released_on, '0001-01-01'), r.id from release_credits c join releases r on r.id = c.release_id
    except select artist_id, released_on, release_id from artist_releases)
union all
(select artist_id, released_on, release_id from artist_releases
    except select c.artist_id, coalesce(r.released_on, '0001-01-01'), r.id from release_credits c join releases r on r.id = c.release_id)

-- release_tracks
select t.id from tracks t left join release_tracks r on r.track_id = t.id where r.release_id is distinct from t.release_id

-- users.artists
select coalesce(u.artist_id, a.id) from users u full join (select * from artists where user_id is not null) a on a.user_id = u.id
where (u.artist_id is not null or a.id is not null) and u.artist_id is distinct from a.id

-- claims
(select 'handle', handle, id from users except select 'handle', handle, user_id from handles)
union all (select 'isrc', isrc, id from tracks where isrc is not null except select 'isrc', isrc, track_id from isrcs)
union all (select 'upc', upc, id from releases where upc is not null except select 'upc', upc, release_id from upcs)
union all (select 'token', share_token, id from playlists where share_token is not null except select 'token', token, playlist_id from share_tokens)
union all (select 'artist', mbid::text, id from artists where mbid is not null except select 'artist', mbid::text, id from mbids where kind = 'ARTIST')
union all (select 'track', mbid::text, id from tracks where mbid is not null except select 'track', mbid::text, id from mbids where kind = 'TRACK')

-- playlists
select p.id from playlists p join playlist_items i on i.playlist_id = p.id
    left join tracks t on i.kind = 'TRACK' and t.id = i.entry_id left join sounds s on i.kind = 'SOUND' and s.id = i.entry_id
group by p.id having min(p.item_count) <> count(coalesce(t.id, s.id)) or min(p.duration_ms) <> sum(coalesce(t.duration_ms, s.duration_ms))

-- playlists.followers
select p.id from playlists p left join playlist_followers f on f.playlist_id = p.id group by p.id having min(p.follower_count) <> count(f.user_id)

-- playlists.roles
select playlist_id from playlist_collaborators c join playlists p on p.id = c.playlist_id where p.owner_id = c.user_id
union all select playlist_id from playlist_followers f join playlists p on p.id = f.playlist_id where p.owner_id = f.user_id

-- user_playlists
(select owner_id, id, visibility = 'PUBLIC' from playlists union all select user_id, playlist_id, false from playlist_collaborators
    except select user_id, playlist_id, listed from user_playlists)
union all
select user_id, playlist_id, null from user_playlists group by user_id, playlist_id having count(*) > 1

-- trend_counters
select coalesce(c.sound_id, v.sound_id) from (select * from trend_counters where trusted_videos + young_videos > 0) c full join (
    select sound_id, scope, niche, count(*) filter (where trusted) trusted_videos, count(*) filter (where not trusted) young_videos
    from videos cross join unnest(array['GLOBAL', region]) scope cross join unnest(0::smallint || niche_ids) niche where not hidden
    group by sound_id, scope, niche) v on v.sound_id = c.sound_id and v.scope = c.region and v.niche = c.niche_id
where (c.trusted_videos, c.young_videos) is distinct from (v.trusted_videos, v.young_videos)

-- trend_counters.sums
select c.sound_id, c.region, c.niche_id from trend_counters c left join lateral (
    select array_agg(trusted order by hours) trusted, array_agg(young order by hours) young from (
        select hours,
            coalesce(sum(case when trusted and age < 40 * hours then weight * power(2, -age / hours) end), 0) trusted,
            coalesce(sum(case when not trusted and age < 40 * hours then weight * power(2, -age / hours) end), 0) young
        from unnest('{1,24,168,1344}'::double precision[]) hours left join (
            select v.weight, v.trusted, extract(epoch from c.at - coalesce(a.counts_at, v.created_at))::double precision / 3600 age
            from videos v left join videos_ahead a on a.sound_id = v.sound_id and a.video_id = v.id
            where v.sound_id = c.sound_id and not v.hidden and c.region in ('GLOBAL', v.region) and c.niche_id = any(0::smallint || v.niche_ids)
                and v.weight > 1e-15) v on true
        group by hours) sums) v on true
where exists (select from unnest(c.trusted || c.young, v.trusted || v.young) pair(stored, counted) where abs(stored - counted) > 1e-9 * greatest(1, counted))

-- trend_scopes
select coalesce(s.region, c.region) from trend_scopes s full join (
    select c.region, c.niche_id, sum(c.trusted_videos) videos,
        array[sum(decayed(trusted[1], hours, 1)), sum(decayed(trusted[2], hours, 24)), sum(decayed(trusted[3], hours, 168)), sum(decayed(trusted[4], hours, 1344))] sums
    from (
        select c.*, date_part('epoch', s.at - c.at) / 3600 hours from trend_counters c join trend_scopes s on s.region = c.region and s.niche_id = c.niche_id) c
    group by c.region, c.niche_id) c on c.region = s.region and c.niche_id = s.niche_id
where s.trusted_videos is distinct from coalesce(c.videos, 0)
    or exists (select from unnest(s.trusted, c.sums) pair(stored, counted) where abs(stored - coalesce(counted, 0)) > 1e-9 * greatest(1, counted))
