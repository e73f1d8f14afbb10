-- What operators see and decide, and how all that somebody posted stops counting, or counts again: a community at a time, each in a transaction of its own.

-- name: user_to_moderate :row
select user_id, status from handles join users on id = user_id where handles.handle = $1

-- name: set_user_status :value
-- Whoever erases the account was first: nothing then.
update users set status = $2 where id = $1 and status in ('ACTIVE', 'SUSPENDED') returning id

-- columns: Running
-- Of those who write facts, named as db/database.py names them (a pooler may add from where): nobody waits for a dump, a person's psql or a recount.
array(
    select virtualxid from pg_locks join pg_stat_activity using (pid)
    where locktype = 'virtualxid' and datname = current_database() and split_part(application_name, ' - ', 1) = 'chorus')

-- name: running :value
-- Asked for once a change is committed: whoever else may have read what it changed as it was before. A transaction has a virtual id from its beginning,
-- before it sees anything; an xid only once it writes, and a snapshot only while a statement runs (docs/adr/0022).
select {Running}

-- name: are_over :value
select not exists (select from pg_locks where locktype = 'virtualxid' and virtualxid = any($1::text[]))

-- name: sounds_of_videos :rows
-- Where this user has videos that are hidden, or that are not.
select distinct v.sound_id from user_videos u join videos v on v.sound_id = u.sound_id and v.id = u.video_id
where u.user_id = $1 and v.hidden = $2 order by v.sound_id

-- name: hide_videos :execute
-- After lock_creator: all of this creator's in the community $1, so that there is no heir to the first of them.
with hidden as (
    update videos v set hidden = true from user_videos u
    where u.user_id = $2 and u.sound_id = $1 and v.sound_id = u.sound_id and v.id = u.video_id and not v.hidden
    returning v.sound_id, v.id, v.creator_id, v.region, v.niche_ids, v.hashtags, v.created_at, v.weight, v.trusted, v.new_creator, v.view_count),
niches as (
    update video_niches n set hidden = true from hidden h where n.sound_id = h.sound_id and n.video_id = h.id),
untagged as (
    delete from hashtag_videos t using hidden h
    where t.hashtag = any(h.hashtags) and t.created_at = h.created_at and t.sound_id = h.sound_id and t.video_id = h.id),
gone as (
    delete from community_creators where sound_id = $1 and creator_id = $2)
insert into outbox (type, occurred_at, body)
select 'VIDEO_HIDDEN', $3, jsonb_build_object('sound_id', sound_id, 'video_id', id, 'creator_id', creator_id, 'region', region, 'niche_ids', niche_ids,
    'hashtags', hashtags, 'weight', weight, 'trusted', trusted, 'new_creator', new_creator, 'view_count', view_count,
    'age', (extract(epoch from $3::timestamptz - created_at) * 1000000)::bigint)
from hidden order by id

-- name: show_videos :execute
with shown as materialized (
    update videos v set hidden = false from user_videos u
    where u.user_id = $2 and u.sound_id = $1 and v.sound_id = u.sound_id and v.id = u.video_id and v.hidden
    returning v.sound_id, v.id, v.creator_id, v.region, v.niche_ids, v.hashtags, v.created_at, v.weight, v.trusted, v.new_creator, v.view_count, v.top_score),
niches as (
    update video_niches n set hidden = false, top_score = s.top_score from shown s where n.sound_id = s.sound_id and n.video_id = s.id),
tagged as (
    insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
    select unnest(hashtags), created_at, sound_id, id, top_score from shown),
creator as (
    insert into community_creators (sound_id, creator_id, video_count, first_posted_at, last_posted_at, region, earlier)
    select sound_id, creator_id, count(*), min(created_at), last, (array_agg(region order by new_creator desc))[1],
        sum(decayed(1, date_part('epoch', last - created_at) / 3600, 1344))
    from shown cross join (select max(created_at) last from shown) latest group by sound_id, creator_id, last)
insert into outbox (type, occurred_at, body)
select 'VIDEO_SHOWN', $3, jsonb_build_object('sound_id', sound_id, 'video_id', id, 'creator_id', creator_id, 'region', region, 'niche_ids', niche_ids,
    'hashtags', hashtags, 'weight', weight, 'trusted', trusted, 'new_creator', new_creator, 'view_count', view_count,
    'age', (extract(epoch from $3::timestamptz - created_at) * 1000000)::bigint)
from shown order by id

-- name: turn_comments :value
-- Hides at most $4 comments of this author, or shows them; answers how many.
with on_videos as (
    select sound_id, id from video_comments where author_id = $1 and hidden <> $2 order by sound_id, id limit $4 for no key update),
turned as (
    update video_comments c set hidden = $2 from on_videos o where c.sound_id = o.sound_id and c.id = o.id
    returning c.sound_id, c.video_id, c.id),
told as (
    insert into outbox (type, occurred_at, body)
    select case when $2 then 'VIDEO_COMMENT_HIDDEN' else 'VIDEO_COMMENT_SHOWN' end, $3,
        jsonb_build_object('sound_id', sound_id, 'video_id', video_id, 'comment_id', id, 'author_id', $1::bigint)
    from turned order by sound_id, id),
on_tracks as (
    select track_id, id from track_comments where author_id = $1 and hidden <> $2 order by track_id, id limit $4 for no key update),
turned_on_tracks as (
    update track_comments c set hidden = $2 from on_tracks o where c.track_id = o.track_id and c.id = o.id returning c.id)
select (select count(*) from turned) + (select count(*) from turned_on_tracks)

-- name: lock_sound :value
select status from sounds where id = $1 for no key update

-- name: set_sound_status :execute
update sounds set status = $2 where id = $1

-- name: score_again :execute
-- The scopes whose charts this sound may be on.
update trend_scopes s set changed_at = $2, due_at = least(s.due_at, $2)
from trend_counters c where c.sound_id = $1 and s.region = c.region and s.niche_id = c.niche_id

-- name: newest_reports :rows
select r.id, r.created_at, r.subject, r.reason, r.details, u.handle reporter
from reports r left join users u on u.id = r.reporter_id order by r.id desc limit $1
