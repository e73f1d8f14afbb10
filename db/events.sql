-- Facts on their way: written to the outbox with what happened, moved to the log in order, read by position.

-- name: insert_events :execute
insert into outbox (type, occurred_at, body)
select type, occurred_at, body from unnest($1::text[], $2::timestamptz[], $3::jsonb[]) with ordinality fact(type, occurred_at, body, place)
order by place

-- name: outbox_is_waiting :value
select exists (select from outbox where xid < pg_snapshot_xmin(pg_current_snapshot()))

-- name: log_head :row
select epoch, sequence, floor, (select position from consumers where name = 'counts') counted from log_head

-- name: begin_life :value
-- The timeline is another after a failover or a restore to a point in time, the system after a restore into a new cluster.
update log_head set epoch = epoch + (life is not null)::integer, life = present
from (select system_identifier || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) present from pg_control_system()) cluster
where life is distinct from present returning epoch

-- name: lock_log_head :row
select epoch, sequence from log_head for update

-- name: move_outbox :value
-- After lock_log_head, so that this statement's snapshot is younger than whatever the lock waited for.
with ready as (
    select id from outbox where xid < pg_snapshot_xmin(pg_current_snapshot()) order by id limit $3),
moved as (
    delete from outbox using ready where outbox.id = ready.id returning outbox.id, type, occurred_at, body),
logged as (
    insert into log (sequence, type, occurred_at, logged_at, body)
    select $1 + row_number() over (order by id), type, occurred_at, $2, body from moved
    returning sequence)
update log_head set sequence = $1 + (select count(*) from logged) returning sequence

-- name: log_after :rows
select sequence, type, occurred_at, logged_at, body from log where sequence > $1 order by sequence limit $2

-- name: uncounted_by_user :rows
-- How far the facts are counted, and beside it what this user did that is not, of the newest $2 of these types: in one statement, so that nothing is between.
select c.position, done.type, done.occurred_at, done.body
from consumers c left join lateral (
    select * from (
        (select type, occurred_at, body from log where sequence > c.position and type = any($3::text[]) order by sequence desc limit $2)
        union all
        (select type, occurred_at, body from outbox where type = any($3::text[]) order by id desc limit $2)) newest
    where coalesce(body ->> 'by_id', body ->> 'user_id', body ->> 'creator_id') = $1) done on true
where c.name = 'counts'

-- name: log_of_types :rows
-- Of each type on its own: an index has no order over several.
select found.* from unnest($1::text[]) wanted(t) cross join lateral (
    select sequence, type, occurred_at, logged_at, body from log
    where type = t and sequence > $2 and sequence <= $3 order by sequence limit $4) found
order by sequence limit $4

-- name: log_of_sound :rows
select sequence, type, occurred_at, logged_at, body from log
where (body ->> 'sound_id')::bigint = $1 and type in ('VIDEO_POSTED', 'VIDEO_REMOVED') and sequence > $2 and sequence <= $3
order by sequence limit $4

-- name: log_of_playlist :rows
select sequence, type, occurred_at, logged_at, body from log
where (body ->> 'playlist_id')::bigint = $1 and body ? 'playlist_id' and sequence > $2 and sequence <= $3
order by sequence limit $4

-- name: log_of_notified :rows
select sequence, type, occurred_at, logged_at, body from log
where (body ->> 'notified_id')::bigint = $1 and type = 'NOTIFIED' and sequence > $2 and sequence <= $3
order by sequence limit $4

-- name: add_log_partition :execute
select add_log_partition($1)

-- name: oldest_log_partition :row
-- Its number, and its last fact where every consumer is beyond it; nothing where it is still written to.
select (floor + 1) / 1000000 number, log.logged_at
from log_head join log on log.sequence = (floor + 1) / 1000000 * 1000000 + 999999
where log.sequence < log_head.sequence and log.sequence <= (select min(position) from consumers)

-- name: drop_log_partition :execute
select drop_log_partition($1)

-- name: notify :execute
select pg_notify($1, payload) from unnest($2::text[]) payload

-- name: consumer_position :value
select position from consumers where name = $1

-- name: advance_consumer :value
update consumers set position = $3 where name = $1 and position = $2 returning position

-- name: read_one_snapshot :execute
set transaction isolation level repeatable read, read only

-- name: share_snapshot :value
select pg_export_snapshot()

-- name: facts_that_wait :rows
-- What is committed and this consumer has not counted, in the order in which it will; what is not in the log yet as if it came there now.
select type, occurred_at, logged_at, body from (
    select 0 part, sequence place, type, occurred_at, logged_at, body from log
    where sequence > (select position from consumers where name = $1) and type = any($2::text[])
    union all
    select 1, id, type, occurred_at, $3::timestamptz, body from outbox where type = any($2::text[])) waiting
order by part, place

-- name: prepared_transactions :value
select current_setting('max_prepared_transactions')::integer

-- name: drop_expired_results :value
with expired as (
    select caller, field, key from idempotency_results where created_at < $1 order by created_at limit $2),
gone as (
    delete from idempotency_results r using expired e where r.caller = e.caller and r.field = e.field and r.key = e.key returning 1)
select count(*) from gone
