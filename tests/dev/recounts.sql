-- Every count and every copy of a world, counted again from its rows by other statements than made them; each answers with the rows that differ.

-- sounds.videos
select s.id from sounds s left join videos v on v.sound_id = s.id and not v.hidden
group by s.id having s.video_count <> count(v.id) or s.creator_count <> count(distinct v.creator_id) or s.view_count <> coalesce(sum(v.view_count), 0)

-- sounds.first_video
select s.id from sounds s left join (select distinct on (sound_id) sound_id, id, creator_id from videos where not hidden order by sound_id, created_at, id) v
    on v.sound_id = s.id
where (s.first_video_id, s.founder_id) is distinct from (v.id, v.creator_id)

-- sounds.members
select p.id from sounds p left join community_members r on r.sound_id = p.id group by p.id having p.member_count <> count(r.sound_id)

-- sounds.saves
select p.id from sounds p left join saved_sounds r on r.sound_id = p.id group by p.id having p.save_count <> count(r.sound_id)

-- users.videos
select u.id from users u left join videos v on v.creator_id = u.id and not v.hidden group by u.id having u.video_count <> count(v.id)

-- users.followers
select p.id from users p left join followers r on r.user_id = p.id group by p.id having p.follower_count <> count(r.user_id)

-- users.following
select p.id from users p left join follows r on r.user_id = p.id group by p.id having p.following_count <> count(r.user_id)

-- artists.followers
select p.id from artists p left join artist_follows r on r.artist_id = p.id group by p.id having p.follower_count <> count(r.artist_id)

-- tracks.saves
select p.id from tracks p left join saved_tracks r on r.track_id = p.id group by p.id having p.save_count <> count(r.track_id)

-- videos.likes
select v.sound_id, v.id from videos v left join video_likes l on l.sound_id = v.sound_id and l.video_id = v.id
group by v.sound_id, v.id having v.like_count <> count(l.user_id)

-- videos.comments
select v.sound_id, v.id from videos v left join video_comments c on c.sound_id = v.sound_id and c.video_id = v.id and not c.hidden
group by v.sound_id, v.id having v.comment_count <> count(c.id)

-- videos.views
select id from videos where view_count < like_count or view_count < comment_count

-- videos.hidden
select v.id from videos v join users u on u.id = v.creator_id where v.hidden <> (u.status <> 'ACTIVE')

-- videos.top_score
select id from videos where abs(top_score - top_score(like_count, comment_count, share_count, view_count, created_at)) > 1e-9

-- videos.new_creator
select id from (select id, new_creator, row_number() over (partition by sound_id, creator_id order by created_at, id) place from videos) v
where new_creator <> (place = 1)

-- videos.trusted
select v.id from videos v join users u on u.id = v.creator_id
where v.trusted <> (v.created_at - u.joined_at >= interval '30 days') or v.created_at < u.joined_at

-- videos.weight
select v.id from users u join (
    select v.id, v.creator_id, v.created_at, v.weight,
        coalesce(sum(exp(-ln(2) * extract(epoch from v.created_at - e.created_at)::double precision / 3600 / 1344)), 0) earlier
    from videos v left join videos e on e.sound_id = v.sound_id and e.creator_id = v.creator_id and (e.created_at, e.id) < (v.created_at, v.id)
    group by v.sound_id, v.id) v on v.creator_id = u.id
where abs(v.weight - power(0.25, least(earlier, 400))
    * (0.1 + 0.9 * (1 - exp(-extract(epoch from v.created_at - u.joined_at)::double precision / 86400 / 14)))) > 1e-12

-- videos.responses
select v.id from videos v left join videos o on o.sound_id = v.response_to_sound_id and o.id = v.response_to_id
where v.response_to_id is not null and (o.id is null or o.created_at >= v.created_at)

-- videos.cleared
select v.id from videos v join users u on u.id = v.creator_id join sounds s on s.id = v.sound_id
where u.kind = 'COMMERCIAL' and not s.rights_commercial or s.rights_territories is not null and v.region <> 'ZZ' and v.region <> all (s.rights_territories)

-- video_comments.likes
select c.id from video_comments c left join video_comment_likes l on l.sound_id = c.sound_id and l.comment_id = c.id
group by c.sound_id, c.id having c.like_count <> count(l.user_id)

-- track_comments.likes
select c.id from track_comments c left join track_comment_likes l on l.track_id = c.track_id and l.comment_id = c.id
group by c.track_id, c.id having c.like_count <> count(l.user_id)

-- video_comments.replies
select c.id from video_comments c left join video_comments a on a.sound_id = c.sound_id and a.id = c.reply_to_id
where c.reply_to_id is not null and (a.video_id is distinct from c.video_id or a.created_at > c.created_at or a.reply_to_id is not null)

-- track_comments.replies
select c.id from track_comments c left join track_comments a on a.track_id = c.track_id and a.id = c.reply_to_id
where c.reply_to_id is not null and (a.id is null or a.created_at > c.created_at or a.reply_to_id is not null)

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
where h.video_count is distinct from v.videos

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
select coalesce(c.sound_id, v.sound_id) from community_niches c full join (
    select sound_id, n niche_id, count(*) videos, min(created_at) first from videos cross join unnest(niche_ids) n where not hidden group by sound_id, n) v
    on v.sound_id = c.sound_id and v.niche_id = c.niche_id
where (c.video_count, c.first_seen_at) is distinct from (v.videos, v.first)

-- community_regions
select coalesce(c.sound_id, v.sound_id) from community_regions c full join (
    select sound_id, region, count(*) videos, min(created_at) first from videos where not hidden group by sound_id, region) v
    on v.sound_id = c.sound_id and v.region = c.region
left join (select sound_id, region, count(*) creators from community_creators group by sound_id, region) k on k.sound_id = c.sound_id and k.region = c.region
where (c.video_count, c.first_seen_at, c.creator_count) is distinct from (v.videos, v.first, coalesce(k.creators, 0))

-- community_growth
select coalesce(g.sound_id, v.sound_id) from community_growth g full join (
    select sound_id, unit, date_trunc(lower(unit), created_at, 'UTC') at, count(*) videos, count(*) filter (where new_creator) creators
    from videos cross join unnest('{HOUR,DAY,WEEK}'::text[]) unit
    where not hidden and (unit <> 'HOUR' or created_at >= (select date_trunc('hour', world_now - interval '14 days', 'UTC') from sample_worlds))
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

-- sounds.lineage
select s.id from sounds s left join sounds o on o.id = s.derived_from_id where s.derived_from_id is not null and (o.id is null or o.created_at > s.created_at)

-- sounds.age
select s.id from sounds s join videos v on v.sound_id = s.id where v.created_at < s.created_at

-- artist_sounds
(select distinct c.artist_id, s.id, s.video_count::double precision from sounds s join track_credits c on c.track_id = s.track_id
    except select artist_id, sound_id, top_score from artist_sounds)
union all
(select artist_id, sound_id, top_score from artist_sounds
    except select c.artist_id, s.id, s.video_count::double precision from sounds s join track_credits c on c.track_id = s.track_id)

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
group by p.id having p.item_count <> count(coalesce(t.id, s.id)) or p.duration_ms <> sum(coalesce(t.duration_ms, s.duration_ms))

-- playlists.followers
select p.id from playlists p left join playlist_followers f on f.playlist_id = p.id group by p.id having p.follower_count <> count(f.user_id)

-- playlists.roles
select playlist_id from playlist_collaborators c join playlists p on p.id = c.playlist_id where p.owner_id = c.user_id
union all select playlist_id from playlist_followers f join playlists p on p.id = f.playlist_id where p.owner_id = f.user_id or p.visibility = 'PRIVATE'

-- user_playlists
(select owner_id, id, visibility = 'PUBLIC' from playlists union all select user_id, playlist_id, false from playlist_collaborators
    except select user_id, playlist_id, listed from user_playlists)
union all
select user_id, playlist_id, null from user_playlists group by user_id, playlist_id having count(*) > 1

-- trend_counters
select coalesce(c.sound_id, v.sound_id) from trend_counters c full join (
    select sound_id, scope, niche, count(*) filter (where trusted) trusted_videos, count(*) filter (where not trusted) young_videos
    from videos cross join unnest(array['GLOBAL', region]) scope cross join unnest(0::smallint || niche_ids) niche where not hidden
    group by sound_id, scope, niche) v on v.sound_id = c.sound_id and v.scope = c.region and v.niche = c.niche_id
where (c.trusted_videos, c.young_videos) is distinct from (v.trusted_videos, v.young_videos)

-- trend_counters.sums
select c.sound_id from trend_counters c join (
    select sound_id, scope, niche, place,
        coalesce(sum(left_over) filter (where trusted), 0) trusted, coalesce(sum(left_over) filter (where not trusted), 0) young
    from (
        select v.*, place, case when weight < 1e-15 or age > 40 * hours then 0 else weight * power(2, -age / hours) end left_over
        from (select *, extract(epoch from (select world_now from sample_worlds) - created_at)::double precision / 3600 age from videos where not hidden) v
        cross join unnest('{1,24,168,1344}'::double precision[]) with ordinality half_life(hours, place)) v
        cross join unnest(array['GLOBAL', region]) scope cross join unnest(0::smallint || niche_ids) niche
    group by sound_id, scope, niche, place) v on v.sound_id = c.sound_id and v.scope = c.region and v.niche = c.niche_id
where abs(c.trusted[place] - v.trusted) > 1e-9 or abs(c.young[place] - v.young) > 1e-9

-- trend_scopes
select coalesce(s.region, c.region) from trend_scopes s full join (
    select region, niche_id, sum(trusted_videos) videos, sum(trusted[1]) a, sum(trusted[2]) b, sum(trusted[3]) c, sum(trusted[4]) d
    from trend_counters group by region, niche_id) c on c.region = s.region and c.niche_id = s.niche_id
where s.trusted_videos is distinct from c.videos or abs(s.trusted[1] - a) + abs(s.trusted[2] - b) + abs(s.trusted[3] - c) + abs(s.trusted[4] - d) > 1e-7

-- neighbour_refreshes
select s.id from sounds s left join neighbour_refreshes r on r.sound_id = s.id
where s.creator_count > 0 and r.creator_count is distinct from s.creator_count or s.creator_count = 0 and r.sound_id is not null

-- search_documents
(select kind, key, name, popularity from search_current except select kind, key, name, popularity from search_documents)
union all (select kind, key, name, popularity from search_documents except select kind, key, name, popularity from search_current)
