-- Whom `chorus explain-reads` asks each statement about: the largest, and those whose parts are common or rare.
--
-- `-- before:` runs first. `-- about:` names statements; its rows are the statement's keys, then its further arguments. `-- unread:` names statements that no
-- reader waits for, and says whose they are. A read statement that stands nowhere here stops the run.

-- before:
create temporary table present as
select at, array(select generate_series(at - interval '1 week', at, interval '1 hour')) as hours
from (select coalesce((select world_now from sample_worlds), (select max(created_at) from videos), current_timestamp) as at) world

-- before:
create temporary table large_sounds as select id, row_number() over (order by video_count desc, id) as place from sounds order by place limit 100

-- before:
create temporary table large_videos as
select sound_id, id, row_number() over (order by comment_count desc, like_count desc, sound_id, id) as place from videos order by place limit 100

-- before:
create temporary table large_users as select id, row_number() over (order by follower_count + video_count desc, id) as place from users order by place limit 100

-- before:
-- Of each large community its commonest and its rarest niche, and one that it does not have.
create temporary table some_niches as
select s.id, s.place, n.niche_id from large_sounds s cross join lateral (
    (select niche_id from community_niches where sound_id = s.id order by video_count desc, niche_id limit 1)
    union (select niche_id from community_niches where sound_id = s.id order by video_count, niche_id limit 1)
    union all (select 32767::smallint)) n
where place <= 20

-- before:
create temporary table some_regions as
select s.id, s.place, r.region from large_sounds s cross join lateral (
    (select region from community_regions where sound_id = s.id order by video_count desc, region limit 1)
    union (select region from community_regions where sound_id = s.id order by video_count, region limit 1)
    union all (select 'AQ')) r
where place <= 20

-- before:
create temporary table large_playlists as
(select id, row_number() over (order by item_count desc, id) as place from playlists order by place limit 100)

-- before:
create temporary table large_artists as
select artist_id as id, row_number() over (order by count(*) desc, artist_id) as place from artist_tracks group by artist_id order by place limit 100

-- before:
create temporary table large_tracks as
select id, row_number() over (order by (select count(*) from track_sounds where track_id = tracks.id) + play_count / 1e12 desc, id) as place
from tracks order by place limit 100

-- about: sound_by_id listed_sound_by_id community_by_sound videos_by_sound videos_top_by_sound creators_by_sound earliest_creators_by_sound members_by_sound
-- about: niches_by_sound regions_by_sound neighbours_by_sound sound_video_counts
select id from large_sounds order by place

-- about: derivatives_by_sound
select derived_from_id from sound_derivatives group by 1 order by count(*) desc, 1 limit 20

-- about: videos_by_sound_niche videos_top_by_sound_niche
select id, niche_id from some_niches order by place, niche_id

-- about: videos_by_sound_region videos_top_by_sound_region
select id, region from some_regions order by place, region

-- about: videos_by_sound_niche_region videos_top_by_sound_niche_region
select id, niche_id, region from some_niches join some_regions using (id, place) order by place, niche_id, region

-- about: growth_by_sound
select id, span, at - length, at + length from large_sounds, present,
    (values ('HOUR', interval '41 days'), ('DAY', interval '1000 days'), ('WEEK', interval '104 weeks')) spans(span, length)
where place <= 20 order by span, place

-- about: is_member
select id, user_id from large_sounds cross join lateral (select user_id from community_members where sound_id = id limit 5) m order by place

-- about: membership
select user_id, id from large_sounds cross join lateral (select user_id from community_members where sound_id = id limit 5) m order by place

-- about: newer_videos
select id, 1::bigint, at - span from large_sounds, present, unnest('{1 hour,1 week,1 year}'::interval[]) span where place <= 20 order by span, place

-- about: is_sound_saved
select user_id, sound_id from saved_sounds join large_sounds on sound_id = large_sounds.id order by place limit 100

-- about: counters_by_sound
select id, region, niche_id from large_sounds, (values ('GLOBAL', 0::smallint), ('US', 0::smallint), ('GLOBAL', 1::smallint), ('US', 1::smallint)) s(region, niche_id)
order by region, niche_id, place

-- about: window_creators
select id, at - interval '1 week', at, hours, 2000 from large_sounds, present order by place

-- about: window_creators_in_region
select id, at - interval '1 week', at, hours, 2000, region from some_regions, present order by place, region

-- about: window_creators_in_niche
select id, at - interval '1 week', at, hours, 2000, niche_id from some_niches, present order by place, niche_id

-- about: window_creators_in_niche_region
select id, at - interval '1 week', at, hours, 2000, niche_id, region
from some_niches join some_regions using (id, place), present order by place, niche_id, region

-- about: scopes_by_key
select region, niche_id from trend_scopes order by trusted_videos desc, region, niche_id limit 100

-- about: chart_slice
select region, niche_id, "window", kind, wanted, 1, 105
from (select distinct region, niche_id, "window", kind from chart_versions) charts, (values (0::bigint), (1)) w(wanted) order by 5, 1, 2, 3, 4 limit 100

-- about: chart_versions_at
select region, niche_id, "window", kind, ago
from (select distinct region, niche_id, "window", kind from chart_versions) charts, present, lateral (values (at), (at - interval '1 day')) w(ago)
order by 5, 1, 2, 3, 4 limit 100

-- about: chart_history
select unnest(sound_ids[1:25]), region, niche_id, "window", kind, array(select generate_series(at - interval '1 hour', at, interval '5 minutes'))
from chart_versions c, present where region = 'GLOBAL' and niche_id = 0 and "window" = 'HOUR' and kind = 'POPULAR' and followed_at is null limit 100

-- about: chart_heads
select array_agg(region), array_agg(niche_id), array_agg('DAY'::text), array_agg('BREAKOUT'::text) from (select region, niche_id from trend_scopes limit 100) scopes

-- about: video_by_key comments_by_video
select sound_id, id from large_videos order by place

-- about: is_video_liked
select sound_id, video_id, user_id from large_videos v cross join lateral (
    select video_id, user_id from video_likes l where l.sound_id = v.sound_id and l.video_id = v.id limit 5) l order by place limit 100

-- about: video_comment_by_key
select sound_id, id from video_comments order by like_count desc, sound_id, id limit 100

-- about: track_comment_by_key
select track_id, id from track_comments order by like_count desc, track_id, id limit 100

-- about: comments_by_track
select track_id from track_comments group by 1 order by count(*) desc, 1 limit 20

-- about: track_by_id credits_by_track lyrics_by_track links_by_track sounds_by_track
select id from large_tracks order by place

-- about: restrictions_by_track
select track_id, 'DE' from track_restrictions group by 1 order by count(*) desc, 1 limit 100

-- about: track_id_by_isrc
select isrc from isrcs limit 100

-- about: track_id_by_mbid
select mbid from mbids where kind = 'TRACK' limit 100

-- about: is_track_saved
select user_id, track_id from saved_tracks limit 100

-- about: artist_by_id tracks_by_artist
select id from large_artists order by place

-- about: releases_by_artist
select artist_id from artist_releases group by 1 order by count(*) desc, 1 limit 20

-- about: top_sounds_by_artist
select artist_id from artist_sounds group by 1 order by count(*) desc, 1 limit 20

-- about: artist_id_by_mbid
select mbid from mbids where kind = 'ARTIST' limit 100

-- about: is_following_artist
select user_id, artist_id from artist_follows limit 100

-- about: release_by_id credits_by_release tracks_by_release
select release_id from release_tracks group by 1 order by count(*) desc, 1 limit 100

-- about: release_id_by_upc
select upc from upcs limit 100

-- about: hashtag_by_name videos_by_hashtag videos_top_by_hashtag
select name from hashtags order by video_count desc, name limit 100

-- about: niche_by_id
select id from niches order by id

-- about: niches
select from present

-- about: playlist_by_id items_by_playlist
select id from large_playlists order by place

-- about: item_by_key
select playlist_id, i.id from playlist_items i join large_playlists p on p.id = playlist_id and place = 1 limit 100

-- about: playlist_id_by_share_token
select token from share_tokens limit 100

-- about: collaborators_by_playlist
select playlist_id from playlist_collaborators group by 1 order by count(*) desc, 1 limit 100

-- about: playlist_role
select playlist_id, user_id from playlist_collaborators limit 100

-- about: is_following_playlist
select playlist_id, user_id from playlist_followers limit 100

-- about: user_by_id active_user_by_id
select id from large_users order by place

-- about: user_id_by_handle
select handle from handles limit 100

-- about: viewer_by_subject
select subject from identities limit 100

-- about: hidden_by_user
select user_id from (select user_id from blocks union all select user_id from blocked_by) hidden group by 1 order by count(*) desc, 1 limit 20

-- about: videos_by_user
select user_id from user_videos group by 1 order by count(*) desc, 1 limit 20

-- about: sounds_by_user
select user_id from user_sounds group by 1 order by count(*) desc, 1 limit 20

-- about: playlists_by_user playlists_by_viewer
select user_id from user_playlists group by 1 order by count(*) desc, 1 limit 20

-- about: communities_by_user
select user_id from user_communities group by 1 order by count(*) desc, 1 limit 20

-- about: followers_by_user
select user_id from followers group by 1 order by count(*) desc, 1 limit 20

-- about: following_by_user
select user_id from follows group by 1 order by count(*) desc, 1 limit 20

-- about: is_following_user
select user_id, followed_id from follows limit 100

-- about: has_blocked
select user_id, blocked_id from blocks limit 100

-- about: blocked_by_user
select user_id from blocks group by 1 order by count(*) desc, 1 limit 20

-- about: saved_sounds_by_user
select user_id from saved_sounds group by 1 order by count(*) desc, 1 limit 20

-- about: saved_tracks_by_user
select user_id from saved_tracks group by 1 order by count(*) desc, 1 limit 20

-- about: notifications_by_user unread_by_user
select user_id from notifications group by 1 order by count(*) desc, 1 limit 20

-- about: notification_by_key
select user_id, id from notifications limit 100

-- about: newest_videos_by_users
-- Those whom one follows, at most 300 (resolvers/viewer.py): of the ten who follow most, and the 300 most prolific of all.
select id, followed from (
    (select user_id as id, (array_agg(followed_id order by created_at desc))[:300] as followed from follows group by 1 order by count(*) desc, 1 limit 10)
    union all
    select 1, array(select id from users order by video_count desc, id limit 300)) feeds

-- about: newest_videos_by_sounds
select id, joined from (
    (select user_id as id, (array_agg(sound_id order by created_at desc))[:100] as joined from user_communities group by 1 order by count(*) desc, 1 limit 10)
    union all
    select 1, array(select id from large_sounds order by place)) feeds

-- about: search_documents
-- The commonest words, whole, begun, misspelled and together, the first begun too; the best known names; nothing that exists; in all kinds, and in two of them in a region.
with words as (
    select word, row_number() over (order by ndoc desc, word) as place
    from ts_stat('select terms from search_documents where tier < 2') where word !~ '[=~]' and char_length(word) > 2 limit 10),
texts as (
    select word as query from words
    union select left(word, 1) from words union select left(word, 2) from words
    union select left(word, 1) || substr(word, 3, 1) || substr(word, 2, 1) || substr(word, 4) from words
    union select substr(word, 1, 2) || 'q' || substr(word, 4) from words where char_length(word) > 4
    union select a.word || ' ' || b.word from words a, words b where a.place < b.place and b.place <= 5
    union select left(a.word, 3) || ' ' || b.word from words a, words b where a.place <> b.place and b.place <= 5
    union select left(word, 3) || ' ' || left(word, 3) || ' qxzv' from words
    union (select name from search_documents order by popularity desc, kind, key limit 10)
    union (select regexp_replace(name, '^(...)[^ ]*', '\1') from search_documents order by popularity desc, kind, key limit 10)
    union select * from (values ('e'), ('1'), ('the'), ('✨'), ('愛'), ('a b c d e f g h i j k l m n o p q r s t u v w x y z'), (repeat('qxzv ', 20)), (repeat('zq', 50)),
        ('shallow metallic harborr goldn ligths midnihgt sumer drems'), ('''; drop table users; -- & | ! <-> :*')) odd(text))
select query, kinds, region from texts, (values (null::text[], null), ('{HASHTAG,PLAYLIST}', 'DE')) asked(kinds, region) order by kinds, query

-- unread: the worker's
-- scopes_due counters_in_scope newest_charts chart_peaks facts_to_count videos_ahead update_in_order neighbours_due newest_creators_by_sounds newest_sounds_by_users videos_in_turn newest_videos
-- words_in_turn
-- artist_sounds_in_turn documents_in_turn undocumented_hashtags outbox_is_waiting log_head consumer_position add_log_partition oldest_log_partition drop_log_partition notify prepared_transactions
-- plays_end add_plays_partitions oldest_plays_day close_plays_partition lock_play_fold drop_plays_partition hurry
-- sound_creators notifiable

-- unread: the streams', once a second a process
-- log_after revoked_subjects

-- about: log_of_types
select types, head.floor, head.sequence, 101 from log_head head, (values ('{VIDEO_POSTED}'::text[]), ('{USER_DELETED,SOUND_STATUS_CHANGED}'),
    ('{SOUND_CREATED,VIDEO_POSTED,VIDEO_REMOVED,CHART_ENTERED,CHART_LEFT}')) asked(types)

-- about: log_of_sound
select id, head.floor, head.sequence, 500 from log_head head, large_sounds where place <= 20

-- about: log_of_notified
select id, head.floor, head.sequence, 500 from log_head head, large_users where place <= 20

-- about: log_of_playlist
select id, head.floor, head.sequence, 500 from log_head head, large_playlists where place <= 20

-- unread: an operator's, and the worker's for whom it erases
-- videos_to_erase comments_to_erase words_of_user
-- erasure_due erasure_waits user_to_moderate running are_over sounds_of_videos turn_comments lock_sound newest_reports read_one_snapshot share_snapshot facts_that_wait

-- unread: a mutation's
-- try_idempotency_key stored_result uncounted_by_user lock_two_users lock_user lock_video lock_creator creator_video_ids
-- sort_key_before items_in_order
