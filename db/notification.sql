-- Notifications, by the user whose they are: what the worker makes of the log, for 30 days.

-- columns: Notification
user_id, id, kind, subject_kind, subject_key, actor_id, count, sequence, occurred_at, is_read

-- name: notification_by_key :one_per(user_id, id) Notification
select {Notification} from notifications join unnest($1::bigint[], $2::bigint[]) wanted(u, i) on user_id = u and id = i

-- name: notifications_by_user :page_per(user_id) by(sequence, id) Notification
select n.* from users u cross join lateral (
    select {Notification} from notifications where user_id = u.id and {range} order by {order} limit $2) n
where u.id = any($1::bigint[])

-- name: unread_by_user :page_per(user_id) by(sequence, id) Notification
select n.* from users u cross join lateral (
    select {Notification} from notifications where user_id = u.id and not is_read and {range} order by {order} limit $2) n
where u.id = any($1::bigint[])

-- name: read_notifications :execute
-- All of a user up to a sequence, locked in the order in which the worker writes them.
with unread as (
    select id from notifications where user_id = $1 and not is_read and sequence <= $2 order by kind, subject_kind, subject_key for update)
update notifications n set is_read = true from unread where n.user_id = $1 and n.id = unread.id

-- name: sound_creators :rows
select id, creator_id from sounds where id = any($1::bigint[]) and creator_id is not null

-- name: notifiable :rows
-- Of these pairs of whom something concerns and who did it (null where nobody did), those who are there and not hidden from one another.
select p.user_id, p.actor_id from unnest($1::bigint[], $2::bigint[]) p(user_id, actor_id)
join users u on u.id = p.user_id left join users a on a.id = p.actor_id
where u.status <> 'DELETED' and (p.actor_id is null or a.status = 'ACTIVE')
    and not exists (select from blocks b where b.user_id = p.user_id and b.blocked_id = p.actor_id)
    and not exists (select from blocked_by b where b.user_id = p.user_id and b.blocker_id = p.actor_id)

-- name: put_notifications :rows
-- Keys as texts, `{2,1}`: arrays of several lengths are no array. One that was read begins anew; one of `$9`, the kinds that are told once a day of the same thing, stays as it is until then.
insert into notifications as n (user_id, kind, subject_kind, subject_key, actor_id, count, sequence, occurred_at)
select user_id, kind, subject_kind, subject_key::bigint[], actor_id, count, sequence, occurred_at
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::timestamptz[])
    with ordinality put(user_id, kind, subject_kind, subject_key, actor_id, count, sequence, occurred_at, place)
order by place
on conflict (user_id, kind, subject_kind, subject_key) do update set
    actor_id = excluded.actor_id,
    count = case when n.is_read or n.kind = any($9::text[]) then 0 else n.count end + excluded.count,
    sequence = excluded.sequence,
    occurred_at = excluded.occurred_at,
    is_read = false
where n.kind <> all($9::text[]) or n.occurred_at < excluded.occurred_at - interval '1 day'
returning user_id, id, sequence, occurred_at

-- name: drop_old_notifications :value
with old as (
    select user_id, id from notifications where occurred_at < $1 order by occurred_at limit $2),
gone as (
    delete from notifications n using old o where n.user_id = o.user_id and n.id = o.id returning 1)
select count(*) from gone

-- name: erase_notifications :value
-- At most $2 of those that a user was told and of those that name him, and how many they were: what others did too stays, without his name.
with his as (
    (select user_id, id, true as goes from notifications where user_id = $1 limit $2)
    union all
    (select user_id, id, count = 1 or kind not in ('LIKED', 'SOUND_USED') from notifications where actor_id = $1 and user_id <> $1 limit $2)),
gone as (
    delete from notifications n using his h where h.goes and n.user_id = h.user_id and n.id = h.id and $1 in (n.user_id, n.actor_id)),
nameless as (
    update notifications n set actor_id = null from his h where not h.goes and n.user_id = h.user_id and n.id = h.id and n.actor_id = $1)
select count(*) from his
