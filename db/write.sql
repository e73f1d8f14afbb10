-- Facts as they are written, each statement inside the transaction of its mutation, or as one.

-- name: insert_user :row User
insert into users (handle, display_name, bio, region, kind, joined_at) values ($1, $2, $3, $4, $5, $6) returning {User}

-- name: claim_handle :execute
insert into handles (handle, user_id) values ($1, $2)

-- name: claim_identity :execute
insert into identities (subject, user_id) values ($1, $2)

-- name: insert_sound :row Sound
insert into sounds (title, kind, duration_ms, created_at, creator_id, track_id, clip_start_ms, clip_end_ms, derived_from_id, rights_commercial)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning {Sound}

-- name: list_sound :execute
-- The copies by which a sound's owners list it: its maker, its track, the sound that it varies.
with maker as (
    insert into user_sounds (user_id, created_at, sound_id) select $3, $2, $1 where $3::bigint is not null),
clip as (
    insert into track_sounds (track_id, created_at, sound_id) select $4, $2, $1 where $4::bigint is not null)
insert into sound_derivatives (derived_from_id, created_at, sound_id) select $5, $2, $1 where $5::bigint is not null

-- name: list_sound_by_artists :execute
insert into artist_sounds (artist_id, sound_id) select distinct unnest($2::bigint[]), $1::bigint

-- name: post_videos :row_each Video
-- Videos that are posted at the same time, each judged for itself: `outcome` is POSTED, with the video, or why it is not there.
-- A key is claimed, with its result, before anything is written for it: the lock is over as soon as the other's commit, which this snapshot may not see.
-- The row lock of a creator in a community decides the weight of two videos that one account posts at once (trending.md): `earlier` is the decayed number,
-- `before` that before this one, and the weight is that of trending.md. Who would wait for that lock is BUSY, and comes again alone, so that the others do not.
with given as materialized (
    select place, subject, key, input_hash, kept_since, creator_id, sound_id, caption, string_to_array(hashtags, ' ') as hashtags,
        string_to_array(niche_ids, ' ')::smallint[] as niche_ids, region, duration_ms, response_to_sound_id, response_to_id, response_kind, created_at, valid,
        key is not null and not pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\x1f', subject, 'postVideo', key), 0)) as running,
        count(*) over () = 1 as alone
    from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::integer[], $12::bigint[], $13::bigint[], $14::text[], $15::timestamptz[], $16::boolean[])
        with ordinality post(subject, key, input_hash, kept_since, creator_id, sound_id, caption, hashtags, niche_ids, region,
            duration_ms, response_to_sound_id, response_to_id, response_kind, created_at, valid, place)),
free as materialized (
    select c.sound_id, c.creator_id from given g join community_creators c on c.sound_id = g.sound_id and c.creator_id = g.creator_id
    for no key update of c skip locked),
judged as materialized (
    select g.*, coalesce(g.region, u.region) as shown_in, date_part('epoch', g.created_at - u.joined_at) / 86400 as age_days,
        case
            when g.running then 'IN_PROGRESS'
            when r.key is not null then 'KEY_USED'
            when u.status is distinct from 'ACTIVE' then 'SUSPENDED'
            when g.sound_id is null then 'INVALID'
            when s.id is null then 'NO_SOUND'
            when s.status <> 'ACTIVE' then 'SILENT'
            when not (s.rights_commercial or s.rights_personal and u.kind <> 'COMMERCIAL')
                or not coalesce(u.region = any(s.rights_territories), true) or s.rights_expires_at <= g.created_at then 'NOT_CLEARED'
            when not g.valid then 'INVALID'
            when not g.alone and c.creator_id is not null and f.creator_id is null then 'BUSY'
            else 'POSTED'
        end as outcome
    from given g
    left join users u on u.id = g.creator_id
    left join sounds s on s.id = g.sound_id
    -- A limit, so that each key is looked up: a plan that was made while there were few results would read all of them for each post.
    left join lateral (
        select r.key from idempotency_results r where r.caller = g.subject and r.field = 'postVideo' and r.key = g.key and r.created_at > g.kept_since limit 1
    ) r on true
    left join community_creators c on c.sound_id = g.sound_id and c.creator_id = g.creator_id
    left join free f on f.sound_id = g.sound_id and f.creator_id = g.creator_id),
numbered as materialized (
    select *, nextval('videos_id_seq') as id from judged where outcome = 'POSTED'),
claimed as (
    insert into idempotency_results as r (caller, field, key, input_hash, result, created_at)
    select subject, 'postVideo', key, input_hash, jsonb_build_object('__typename', 'PostVideoPayload', 'sound_id', sound_id, 'video_id', id), created_at
    from numbered where key is not null
    on conflict (caller, field, key) do update set input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at
    where r.created_at <= (select kept_since from given g where g.subject = r.caller and g.key = r.key)
    returning caller, key),
posted as materialized (
    select * from numbered n where key is null or exists (select from claimed c where c.caller = n.subject and c.key = n.key)),
joined as (
    insert into community_creators as c (sound_id, creator_id, video_count, first_posted_at, last_posted_at, region, earlier)
    select sound_id, creator_id, 1, created_at, created_at, shown_in, 1 from posted order by sound_id, creator_id
    on conflict (sound_id, creator_id) do update set
        video_count = c.video_count + 1,
        first_posted_at = least(c.first_posted_at, excluded.first_posted_at),
        last_posted_at = greatest(c.last_posted_at, excluded.last_posted_at),
        earlier = decayed(c.earlier, greatest(0, date_part('epoch', excluded.last_posted_at - c.last_posted_at)) / 3600, 1344)
            + decayed(1, greatest(0, date_part('epoch', c.last_posted_at - excluded.last_posted_at)) / 3600, 1344)
    returning sound_id, creator_id, earlier, last_posted_at, video_count = 1 as new_creator),
weighed as (
    -- Where a clock was set back, this one may be older than the last: then it has faded already.
    select p.*, new_creator, earlier - decayed(1, date_part('epoch', last_posted_at - created_at) / 3600, 1344) as before
    from posted p join joined using (sound_id, creator_id)),
video as (
    insert into videos (sound_id, id, creator_id, caption, hashtags, niche_ids, region, duration_ms, created_at, response_to_sound_id,
                        response_to_id, response_kind, top_score, weight, trusted, new_creator)
    select sound_id, id, creator_id, caption, hashtags, niche_ids, shown_in, duration_ms, created_at, response_to_sound_id,
        response_to_id, response_kind, top_score(0, 0, 0, 0, created_at),
        (0.1 + 0.9 * (1 - exp(-least(greatest(age_days, 0), 9999) / 14))) * power(0.25, least(before, 500)), age_days >= 30, new_creator
    from weighed
    returning {Video}, weight, trusted, new_creator),
niches as (
    insert into video_niches (sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score)
    select sound_id, id, unnest(niche_ids), region, creator_id, trusted, created_at, top_score from video),
mine as (
    insert into user_videos (user_id, created_at, sound_id, video_id) select creator_id, created_at, sound_id, id from video),
named as (
    -- A hashtag is there with its first video, and counted later. In their order: two who name the same new ones must not wait for each other.
    insert into hashtags (name) select distinct unnest(hashtags) as name from video order by name on conflict do nothing),
tagged as (
    insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
    select unnest(hashtags), created_at, sound_id, id, top_score from video),
told as (
    insert into outbox (type, occurred_at, body)
    select 'VIDEO_POSTED', created_at, jsonb_build_object('sound_id', sound_id, 'video_id', id, 'creator_id', creator_id, 'region', region,
        'niche_ids', niche_ids, 'hashtags', hashtags, 'weight', weight, 'trusted', trusted, 'new_creator', new_creator)
    from video order by id)
select case when j.outcome = 'POSTED' and v.id is null then 'KEY_USED' else j.outcome end as outcome, v.*
from judged j left join numbered n on n.place = j.place left join video v on v.sound_id = n.sound_id and v.id = n.id
order by j.place

-- name: try_idempotency_key :value
-- False while another transaction runs with this key.
select pg_try_advisory_xact_lock(hashtextextended($1, 0))

-- name: stored_result :row
select input_hash, result from idempotency_results where caller = $1 and field = $2 and key = $3 and created_at > $4

-- name: store_result :execute
insert into idempotency_results (caller, field, key, input_hash, result, created_at) values ($1, $2, $3, $4, $5, $6)
on conflict (caller, field, key) do update set input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at

-- name: comment_on_videos :row_each Comment
-- Comments that are written at the same time, each judged for itself, as in post_videos: `outcome` is DONE, with the comment, or why it is not there.
-- Each video is locked for its comment, so that it does not go away meanwhile: in the order of their keys, and looked up one by one (see post_videos).
with given as materialized (
    select *, key is not null and not pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\x1f', subject, 'addComment', key), 0)) as running
    from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::bigint[], $6::timestamptz[], $7::boolean[],
            $8::bigint[], $9::bigint[], $10::text[], $11::integer[], $12::bigint[])
        with ordinality comment(subject, key, input_hash, kept_since, user_id, created_at, valid, sound_id, video_id, text, position_ms, reply_to_id, place)),
about as materialized (
    select v.* from (select distinct sound_id, video_id from given order by sound_id, video_id) g cross join lateral (
        select sound_id, id as video_id, creator_id from videos where sound_id = g.sound_id and id = g.video_id and not hidden limit 1 for key share) v),
judged as materialized (
    select g.*, a.creator_id,
        case
            when g.running then 'IN_PROGRESS'
            when r.key is not null then 'KEY_USED'
            when u.status is distinct from 'ACTIVE' then 'SUSPENDED'
            when not g.valid then 'INVALID'
            when a.video_id is null then 'GONE'
            else 'DONE'
        end as outcome
    from given g
    left join users u on u.id = g.user_id
    left join about a on a.sound_id = g.sound_id and a.video_id = g.video_id
    left join lateral (
        select r.key from idempotency_results r where r.caller = g.subject and r.field = 'addComment' and r.key = g.key and r.created_at > g.kept_since limit 1
    ) r on true),
numbered as materialized (
    select *, nextval('video_comments_id_seq') as id from judged where outcome = 'DONE'),
claimed as (
    insert into idempotency_results as r (caller, field, key, input_hash, result, created_at)
    select subject, 'addComment', key, input_hash,
        jsonb_build_object('__typename', 'AddCommentPayload', 'subject_id', concat('videocomment_', sound_id, '_', id)), created_at
    from numbered where key is not null
    on conflict (caller, field, key) do update set input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at
    where r.created_at <= (select kept_since from given g where g.subject = r.caller and g.key = r.key)
    returning caller, key),
said as (
    insert into video_comments (sound_id, id, video_id, author_id, text, created_at, position_ms, reply_to_id)
    select sound_id, id, video_id, user_id, text, created_at, position_ms, reply_to_id
    from numbered n where key is null or exists (select from claimed c where c.caller = n.subject and c.key = n.key)
    returning {VideoComment}),
told as (
    insert into outbox (type, occurred_at, body)
    select 'VIDEO_COMMENTED', created_at, jsonb_build_object('sound_id', s.sound_id, 'video_id', s.video_id, 'creator_id', a.creator_id,
        'user_id', author_id, 'comment_id', id, 'reply_to_id', reply_to_id)
    from said s join about a on a.sound_id = s.sound_id and a.video_id = s.video_id order by id)
select case when j.outcome = 'DONE' and s.id is null then 'KEY_USED' else j.outcome end as outcome, s.*
from judged j left join numbered n on n.place = j.place left join said s on s.sound_id = n.sound_id and s.id = n.id
order by j.place

-- name: comment_on_tracks :row_each Comment
-- The same of tracks, which do not go away.
with given as materialized (
    select *, key is not null and not pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\x1f', subject, 'addComment', key), 0)) as running
    from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::bigint[], $6::timestamptz[], $7::boolean[],
            $8::bigint[], $9::text[], $10::integer[], $11::bigint[])
        with ordinality comment(subject, key, input_hash, kept_since, user_id, created_at, valid, track_id, text, position_ms, reply_to_id, place)),
judged as materialized (
    select g.*,
        case
            when g.running then 'IN_PROGRESS'
            when r.key is not null then 'KEY_USED'
            when u.status is distinct from 'ACTIVE' then 'SUSPENDED'
            when not g.valid then 'INVALID'
            else 'DONE'
        end as outcome
    from given g
    left join users u on u.id = g.user_id
    left join lateral (
        select r.key from idempotency_results r where r.caller = g.subject and r.field = 'addComment' and r.key = g.key and r.created_at > g.kept_since limit 1
    ) r on true),
numbered as materialized (
    select *, nextval('track_comments_id_seq') as id from judged where outcome = 'DONE'),
claimed as (
    insert into idempotency_results as r (caller, field, key, input_hash, result, created_at)
    select subject, 'addComment', key, input_hash,
        jsonb_build_object('__typename', 'AddCommentPayload', 'subject_id', concat('trackcomment_', track_id, '_', id)), created_at
    from numbered where key is not null
    on conflict (caller, field, key) do update set input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at
    where r.created_at <= (select kept_since from given g where g.subject = r.caller and g.key = r.key)
    returning caller, key),
said as (
    insert into track_comments (track_id, id, author_id, text, created_at, position_ms, reply_to_id)
    select track_id, id, user_id, text, created_at, position_ms, reply_to_id
    from numbered n where key is null or exists (select from claimed c where c.caller = n.subject and c.key = n.key)
    returning {TrackComment}),
told as (
    insert into outbox (type, occurred_at, body)
    select 'TRACK_COMMENTED', created_at, jsonb_build_object('track_id', track_id, 'user_id', author_id, 'comment_id', id, 'reply_to_id', reply_to_id)
    from said order by id)
select case when j.outcome = 'DONE' and s.id is null then 'KEY_USED' else j.outcome end as outcome, s.*
from judged j left join numbered n on n.place = j.place left join said s on s.track_id = n.track_id and s.id = n.id
order by j.place

-- name: drop_video_comment :value
delete from video_comments where sound_id = $1 and id = $2 returning true

-- name: drop_track_comment :value
delete from track_comments where track_id = $1 and id = $2 returning true

-- name: see_community :value
update user_communities set seen_at = $3 where user_id = $1 and sound_id = $2 and coalesce(seen_at, '-infinity') < $3 returning true

-- name: record_shares :row_each
-- Shares of anything, as comment_on_videos. Of a video that has just gone away: GONE.
with given as materialized (
    select *, key is not null and not pg_try_advisory_xact_lock(hashtextextended(concat_ws(E'\x1f', subject, 'recordShare', key), 0)) as running
    from unnest($1::text[], $2::text[], $3::bytea[], $4::timestamptz[], $5::bigint[], $6::timestamptz[], $7::boolean[],
            $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[], $13::text[])
        with ordinality share(subject, key, input_hash, kept_since, user_id, created_at, valid, shared, kind, id, sound_id, channel, body, place)),
about as materialized (
    select v.* from (select distinct sound_id, id from given where kind = 'VIDEO' order by sound_id, id) g cross join lateral (
        select sound_id, id from videos where sound_id = g.sound_id and id = g.id and not hidden limit 1 for key share) v),
judged as materialized (
    select g.*,
        case
            when g.running then 'IN_PROGRESS'
            when r.key is not null then 'KEY_USED'
            when u.status is distinct from 'ACTIVE' then 'SUSPENDED'
            when not g.valid then 'INVALID'
            when g.kind = 'VIDEO' and a.id is null then 'GONE'
            else 'DONE'
        end as outcome
    from given g
    left join users u on u.id = g.user_id
    left join about a on a.sound_id = g.sound_id and a.id = g.id
    left join lateral (
        select r.key from idempotency_results r where r.caller = g.subject and r.field = 'recordShare' and r.key = g.key and r.created_at > g.kept_since limit 1
    ) r on true),
claimed as (
    insert into idempotency_results as r (caller, field, key, input_hash, result, created_at)
    select subject, 'recordShare', key, input_hash, jsonb_build_object('__typename', 'RecordSharePayload', 'subject_id', shared), created_at
    from judged where outcome = 'DONE' and key is not null
    on conflict (caller, field, key) do update set input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at
    where r.created_at <= (select kept_since from given g where g.subject = r.caller and g.key = r.key)
    returning caller, key),
done as materialized (
    select * from judged j where outcome = 'DONE' and (key is null or exists (select from claimed c where c.caller = j.subject and c.key = j.key))),
shared as (
    insert into shares (subject_kind, subject_id, sound_id, user_id, channel, created_at)
    select kind, id, sound_id, user_id, channel, created_at from done order by place),
told as (
    insert into outbox (type, occurred_at, body) select kind || '_SHARED', created_at, body::jsonb from done order by place)
select case when j.outcome = 'DONE' and d.place is null then 'KEY_USED' else j.outcome end as outcome
from judged j left join done d on d.place = j.place
order by j.place

-- name: insert_report :row
insert into reports (reporter_id, subject, reason, details, created_at) values ($1, $2, $3, $4, $5) returning id

-- name: lock_user :row User
select {User} from users where id = $1 for no key update

-- name: change_user :execute
-- What is null stays as it is.
update users set
    handle = coalesce($2, handle),
    display_name = coalesce($3, display_name),
    bio = coalesce($4, bio),
    region = coalesce($5, region),
    kind = coalesce($6, kind),
    avatar_url = coalesce($7, avatar_url)
where id = $1

-- name: release_handle :execute
delete from handles where handle = $1 and user_id = $2

-- name: lock_video :row
select caption, hashtags, niche_ids, region, created_at, weight, trusted, new_creator
from videos where sound_id = $1 and id = $2 and creator_id = $3 and not hidden for no key update

-- name: change_video :execute
-- With its copies; $6 are the hashtags that it had and has no longer.
with changed as (
    update videos set caption = $3, hashtags = $4::text[], niche_ids = $5::smallint[] where sound_id = $1 and id = $2
    returning sound_id, id, creator_id, region, created_at, top_score, trusted, hashtags, niche_ids),
left_niches as (
    delete from video_niches where sound_id = $1 and video_id = $2 and niche_id <> all($5::smallint[])),
niches as (
    insert into video_niches (sound_id, video_id, niche_id, region, creator_id, trusted, created_at, top_score)
    select sound_id, id, unnest(niche_ids), region, creator_id, trusted, created_at, top_score from changed on conflict do nothing),
left_hashtags as (
    delete from hashtag_videos h using changed c
    where h.hashtag = any($6::text[]) and h.created_at = c.created_at and h.sound_id = c.sound_id and h.video_id = c.id),
named as (
    insert into hashtags (name) select unnest(hashtags) as name from changed order by name on conflict do nothing)
insert into hashtag_videos (hashtag, created_at, sound_id, video_id, top_score)
select unnest(hashtags), created_at, sound_id, id, top_score from changed on conflict do nothing

-- name: lock_creator :execute
-- Whoever else posts to this community, or takes away from it, for the same creator waits.
select from community_creators where sound_id = $1 and creator_id = $2 for update

-- name: drop_video :row
-- With its copies, and no more than that: what stood under it and who liked it is erased in turns (erase.sql).
with gone as (
    delete from videos where sound_id = $1 and id = $2 and creator_id = $3 and not hidden
    returning sound_id, id, creator_id, region, niche_ids, hashtags, created_at, weight, trusted, new_creator, view_count),
unlisted as (
    delete from user_videos u using gone g
    where u.user_id = g.creator_id and u.created_at = g.created_at and u.sound_id = g.sound_id and u.video_id = g.id),
untagged as (
    delete from hashtag_videos h using gone g
    where h.hashtag = any(g.hashtags) and h.created_at = g.created_at and h.sound_id = g.sound_id and h.video_id = g.id),
left_behind as (
    insert into video_erasures (sound_id, video_id) select sound_id, id from gone)
select * from gone

-- name: creator_video_ids :value
select array_agg(video_id) from user_videos where user_id = $2 and sound_id = $1

-- name: settle_creator :row
-- What a community knows of a creator, from the videos $3 that are left; a row where one of them is the first in the place of the one that is gone.
with remaining as materialized (
    select id, region, created_at, new_creator from videos where sound_id = $1 and id = any($3::bigint[]) and not hidden),
first as materialized (
    select * from remaining order by new_creator desc, created_at, id limit 1),
gone as (
    delete from community_creators where sound_id = $1 and creator_id = $2 and not exists (select from remaining)),
kept as (
    update community_creators set
        video_count = known.videos, first_posted_at = known.earliest, last_posted_at = known.latest, region = first.region,
        earlier = (select sum(decayed(1, date_part('epoch', known.latest - created_at) / 3600, 1344)) from remaining)
    from first, (select count(*) as videos, min(created_at) as earliest, max(created_at) as latest from remaining) known
    where sound_id = $1 and creator_id = $2)
update videos v set new_creator = true from first
where v.sound_id = $1 and v.id = first.id and not first.new_creator returning v.region, v.created_at
