-- Streams: what is read again by who comes back, where the log begins, and which life of the database it is of; and tokens that hold no more.

alter table log_head
    add column floor bigint not null default 0 check (floor <= sequence),   -- up to here the log was dropped: who saw less cannot be told what he missed
    add column life text;                               -- of the cluster, as Postgres names it: in another one the epoch is another

create index log_by_type on log (type, sequence);       -- log_of_types
create index log_by_sound on log (((body ->> 'sound_id')::bigint), sequence) where type in ('VIDEO_POSTED', 'VIDEO_REMOVED');   -- log_of_sound
create index log_by_playlist on log (((body ->> 'playlist_id')::bigint), sequence) where body ? 'playlist_id';                  -- log_of_playlist

-- Drops the partition of sequences [number, number + 1) × 1,000,000. It needs the whole log for an instant: where readers do not leave it one, it fails
-- rather than let everybody queue behind it.
create function drop_log_partition(number bigint) returns void language plpgsql as $$
begin
    set local lock_timeout = '200ms';
    update log_head set floor = (number + 1) * 1000000 - 1;
    execute format('drop table if exists log_%s', number);
end $$;

alter table identities add column revoked_at timestamptz;   -- tokens that were issued until then hold no more
