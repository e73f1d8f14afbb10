-- How what is gone is erased in turns. Of a video, what stood under it: nobody can add to it any more, for whoever does locks the video's row.

-- name: videos_to_erase :rows
select sound_id, video_id from video_erasures order by sound_id, video_id limit $1

-- name: erase_likes_of_videos :value
-- At most $3, as of all that follow.
with gone as (
    delete from video_likes where (sound_id, video_id, user_id) in (
        select sound_id, video_id, user_id from video_likes join unnest($1::bigint[], $2::bigint[]) v(s, i) on sound_id = s and video_id = i limit $3)
    returning 1)
select count(*) from gone

-- name: erase_shares_of_videos :value
with gone as (
    delete from shares where (subject_id, subject_kind, id) in (
        select subject_id, subject_kind, id from shares
        where subject_kind = 'VIDEO' and subject_id = any($2::bigint[]) and cardinality($1::bigint[]) > 0 limit $3)
    returning 1)
select count(*) from gone

-- name: erase_plays_of_videos :value
-- The sums; of the plays themselves none become sums any more (fold_plays).
with gone as (
    delete from play_hours where (subject_id, subject_kind, hour) in (
        select subject_id, subject_kind, hour from play_hours
        where subject_kind = 'VIDEO' and subject_id = any($2::bigint[]) and cardinality($1::bigint[]) > 0 limit $3)
    returning 1)
select count(*) from gone

-- name: comments_to_erase :rows
(select sound_id, id from video_comments join unnest($1::bigint[], $2::bigint[]) v(s, i) on sound_id = s and video_id = i where not hidden limit $3)
union all
(select sound_id, id from video_comments join unnest($1::bigint[], $2::bigint[]) v(s, i) on sound_id = s and video_id = i where hidden limit $3)

-- name: erase_likes_of_comments :value
with gone as (
    delete from video_comment_likes where (sound_id, comment_id, user_id) in (
        select sound_id, comment_id, user_id from video_comment_likes join unnest($1::bigint[], $2::bigint[]) c(s, i) on sound_id = s and comment_id = i
        limit $3)
    returning 1)
select count(*) from gone

-- name: erase_these_comments :execute
delete from video_comments using unnest($1::bigint[], $2::bigint[]) c(s, i) where sound_id = s and video_comments.id = i

-- name: finish_video_erasures :execute
delete from video_erasures using unnest($1::bigint[], $2::bigint[]) v(s, i) where sound_id = s and video_id = i

-- How a person is erased: marked and hidden at once, then taken out of one table after the other, at most $2 rows a statement, and at last out of the log.
-- Each answers how many rows it took, and tells what is counted; done again it finds nothing.

-- name: mark_erased :execute
with marked as (update users set status = 'DELETED', avatar_url = null where id = $1),
closed as (update identities set revoked_at = $2 where user_id = $1)
insert into erasures (user_id, begun_at) values ($1, $2)

-- name: see_erasures :execute
-- The mark is committed where this sees it, so whoever does not see it runs now.
update erasures set earlier = {Running} where earlier is null

-- name: erasure_due :value
-- The oldest that nobody who read the account as it was before can add to.
select user_id from erasures where not earlier && array(select virtualxid from pg_locks where locktype = 'virtualxid') order by begun_at, user_id limit 1

-- name: erase_video_likes :value
with gone as (
    delete from video_likes where (sound_id, video_id, user_id) in (
        select sound_id, video_id, user_id from video_likes where user_id = $1 limit $2) returning sound_id, video_id),
told as (
    insert into outbox (type, occurred_at, body)
    select 'VIDEO_UNLIKED', $3, jsonb_build_object('sound_id', sound_id, 'video_id', video_id) from gone)
select count(*) from gone

-- name: erase_video_comment_likes :value
with gone as (
    delete from video_comment_likes where (sound_id, comment_id, user_id) in (
        select sound_id, comment_id, user_id from video_comment_likes where user_id = $1 limit $2) returning sound_id, comment_id),
told as (
    insert into outbox (type, occurred_at, body)
    select 'VIDEO_COMMENT_UNLIKED', $3, jsonb_build_object('sound_id', sound_id, 'comment_id', comment_id) from gone)
select count(*) from gone

-- name: erase_track_comment_likes :value
with gone as (
    delete from track_comment_likes where (track_id, comment_id, user_id) in (
        select track_id, comment_id, user_id from track_comment_likes where user_id = $1 limit $2) returning track_id, comment_id),
told as (
    insert into outbox (type, occurred_at, body)
    select 'TRACK_COMMENT_UNLIKED', $3, jsonb_build_object('track_id', track_id, 'comment_id', comment_id) from gone)
select count(*) from gone

-- name: erase_saved_sounds :value
with gone as (
    delete from saved_sounds where (user_id, sound_id) in (select user_id, sound_id from saved_sounds where user_id = $1 limit $2) returning sound_id),
told as (insert into outbox (type, occurred_at, body) select 'SOUND_UNSAVED', $3, jsonb_build_object('sound_id', sound_id) from gone)
select count(*) from gone

-- name: erase_saved_tracks :value
with gone as (
    delete from saved_tracks where (user_id, track_id) in (select user_id, track_id from saved_tracks where user_id = $1 limit $2) returning track_id),
told as (insert into outbox (type, occurred_at, body) select 'TRACK_UNSAVED', $3, jsonb_build_object('track_id', track_id) from gone)
select count(*) from gone

-- name: erase_follows :value
-- Those of the person, and those of whoever follows the person.
with ends as (
    (select user_id, followed_id from follows where user_id = $1 limit $2)
    union all (select follower_id, user_id from followers where user_id = $1 limit $2)),
gone as (delete from follows f using ends e where f.user_id = e.user_id and f.followed_id = e.followed_id returning f.user_id, f.followed_id),
unfollowed as (delete from followers f using ends e where f.user_id = e.followed_id and f.follower_id = e.user_id),
told as (
    insert into outbox (type, occurred_at, body)
    select 'USER_UNFOLLOWED', $3, jsonb_build_object('user_id', user_id, 'followed_id', followed_id) from gone)
select count(*) from gone

-- name: erase_artist_follows :value
with gone as (
    delete from artist_follows where (user_id, artist_id) in (
        select user_id, artist_id from artist_follows where user_id = $1 limit $2) returning artist_id),
told as (insert into outbox (type, occurred_at, body) select 'ARTIST_UNFOLLOWED', $3, jsonb_build_object('artist_id', artist_id) from gone)
select count(*) from gone

-- name: erase_playlist_follows :value
with gone as (
    delete from playlist_followers where (playlist_id, user_id) in (
        select playlist_id, user_id from playlist_followers where user_id = $1 limit $2) returning playlist_id),
told as (insert into outbox (type, occurred_at, body) select 'PLAYLIST_UNFOLLOWED', $3, jsonb_build_object('playlist_id', playlist_id) from gone)
select count(*) from gone

-- name: erase_memberships :value
with gone as (
    delete from user_communities where (user_id, sound_id) in (
        select user_id, sound_id from user_communities where user_id = $1 limit $2) returning user_id, sound_id),
left_behind as (delete from community_members m using gone g where m.sound_id = g.sound_id and m.user_id = g.user_id),
told as (insert into outbox (type, occurred_at, body) select 'MEMBER_LEFT', $3, jsonb_build_object('sound_id', sound_id) from gone)
select count(*) from gone

-- name: erase_blocks :value
with ends as (
    (select user_id, blocked_id from blocks where user_id = $1 limit $2)
    union all (select blocker_id, user_id from blocked_by where user_id = $1 limit $2)),
gone as (delete from blocks b using ends e where b.user_id = e.user_id and b.blocked_id = e.blocked_id returning $3::timestamptz),
unblocked as (delete from blocked_by b using ends e where b.user_id = e.blocked_id and b.blocker_id = e.user_id)
select count(*) from gone

-- name: erase_plays :value
-- They stay as sums of an hour, in which nobody is: those that are such sums already are not added again.
with slice as (
    select p.listener_id, p.played_at, p.event_id, p.subject_kind, p.subject_id, p.sound_id, p.duration_ms,
        f.day is null or (p.listener_id, p.played_at, p.event_id) > (f.listener_id, f.played_at, f.event_id) as open
    from plays p left join play_folds f on f.day = (p.played_at at time zone 'UTC')::date where p.listener_id = $1 and $3::timestamptz is not null limit $2),
gone as (
    delete from plays p using slice s where p.listener_id = s.listener_id and p.played_at = s.played_at and p.event_id = s.event_id
    returning s.subject_kind, s.subject_id, s.sound_id, s.duration_ms,
        s.open and (s.subject_kind <> 'VIDEO' or exists (select from videos v where v.sound_id = s.sound_id and v.id = s.subject_id)) as open, p.played_at),
summed as (
    insert into play_hours as h (subject_id, subject_kind, hour, sound_id, play_count, duration_ms)
    select subject_id, subject_kind, date_trunc('hour', played_at, 'UTC'), min(sound_id), count(*), sum(duration_ms)
    from gone where open group by 1, 2, 3 order by 1, 2, 3
    on conflict (subject_id, subject_kind, hour) do update set
        play_count = h.play_count + excluded.play_count, duration_ms = h.duration_ms + excluded.duration_ms)
select count(*) from gone

-- name: erase_comments :value
-- After turn_comments: they count nowhere any more.
with on_videos as (
    delete from video_comments where (sound_id, id) in (
        select sound_id, id from video_comments where author_id = $1 and hidden limit $2) returning $3::timestamptz),
on_tracks as (
    delete from track_comments where (track_id, id) in (select track_id, id from track_comments where author_id = $1 and hidden limit $2) returning 1)
select (select count(*) from on_videos) + (select count(*) from on_tracks)

-- name: erase_playlists :value
with gone as (
    delete from playlists where id in (select playlist_id from user_playlists where user_id = $1) and owner_id = $1
    returning id, share_token, snapshot_id, visibility, $2::integer most),
unlisted as (
    delete from user_playlists u using gone g
    where u.playlist_id = g.id and u.user_id in (select user_id from playlist_collaborators where playlist_id = g.id union all select $1)),
closed as (delete from share_tokens t using gone g where t.token = g.share_token),
unfound as (delete from search_documents d using gone g where d.kind = 'PLAYLIST' and d.key = g.id::text),
told as (
    insert into outbox (type, occurred_at, body)
    select 'PLAYLIST_DELETED', $3, jsonb_build_object('playlist_id', id, 'snapshot_id', snapshot_id, 'visibility', visibility) from gone)
select count(*) from gone

-- name: erase_collaborations :value
with gone as (delete from user_playlists where user_id = $1 and $2 > 0 and $3::timestamptz is not null returning playlist_id),
left_behind as (delete from playlist_collaborators c using gone g where c.playlist_id = g.playlist_id and c.user_id = $1),
unnamed as (update playlist_items i set added_by_id = null from gone g where i.playlist_id = g.playlist_id and i.added_by_id = $1)
select count(*) from gone

-- name: erase_additions :value
with unnamed as (update playlist_items set added_by_id = null where added_by_id = $1 and $2 > 0 and $3::timestamptz is not null returning 1)
select count(*) from unnamed

-- name: erase_sound_names :value
-- What somebody made of it stays, and so does the sound.
with gone as (delete from user_sounds where user_id = $1 and $2 > 0 and $3::timestamptz is not null returning sound_id),
unnamed as (update sounds s set creator_id = null from gone g where s.id = g.sound_id)
select count(*) from gone

-- name: erase_shares :value
with unnamed as (update shares set user_id = null where user_id = $1 and $2 > 0 and $3::timestamptz is not null returning 1)
select count(*) from unnamed

-- name: erase_reports :value
with unnamed as (update reports set reporter_id = null, details = '' where reporter_id = $1 and $2 > 0 and $3::timestamptz is not null returning 1),
gone as (delete from reports where subject = 'user_' || $1 returning 1)
select (select count(*) from unnamed) + (select count(*) from gone)

-- name: erase_videos :value
-- After hide_videos, and after that was counted.
with gone as (
    delete from videos v using (select sound_id, video_id from user_videos where user_id = $1 limit $2) u
    where v.sound_id = u.sound_id and v.id = u.video_id returning v.sound_id, v.id, v.created_at, $3::timestamptz),
unlisted as (
    delete from user_videos u using gone g
    where u.user_id = $1 and u.created_at = g.created_at and u.sound_id = g.sound_id and u.video_id = g.id),
left_behind as (insert into video_erasures (sound_id, video_id) select sound_id, id from gone),
forgotten as (delete from videos_ahead a using gone g where a.sound_id = g.sound_id and a.video_id = g.id)
select count(*) from gone

-- name: erasure_waits :value
-- Whether any fact of theirs is not counted or told yet: who is nobody could not be taken out of the counts of anybody.
select exists (select from outbox where {Naming}) or exists (
    select from log where sequence > (select min(position) from consumers) and {Naming})

-- columns: Naming
exists (select from jsonb_each(body) part where part.key = any($2::text[]) and part.value = to_jsonb($1::bigint))

-- name: erase_from_log :value
-- The next $3 sequences, which stay without the name; null where there are no more. That somebody was erased stays for as long as the log: it is how others
-- learn to erase him too.
with slice as materialized (
    select greatest(log_position, floor) past, least(greatest(log_position, floor) + $3, sequence) last
    from erasures cross join log_head where user_id = $1),
unnamed as (
    update log set body = (
        select jsonb_object_agg(key, case when key = any($2::text[]) and value = to_jsonb($1::bigint) then 'null' else value end) from jsonb_each(body))
    where sequence > (select past from slice) and sequence <= (select last from slice) and type <> 'USER_DELETED' and {Naming})
update erasures set log_position = last from slice where user_id = $1 and last > past returning last

-- name: words_of_user :value
select search_words(display_name) || search_words(handle) from users where id = $1

-- name: finish_erasure :execute
with results as (delete from idempotency_results where caller in (select subject from identities where user_id = $1)),
tokens as (delete from identities where user_id = $1),
handle as (delete from handles where user_id = $1),
artist as (update artists set user_id = null where user_id = $1),
person as (delete from users where id = $1)
delete from erasures where user_id = $1
