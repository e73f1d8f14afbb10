-- Share tokens live as long as their playlists are unlisted; plays are by listener and day, and become hourly sums.

delete from share_tokens t using playlists p where p.id = t.playlist_id and p.visibility <> 'UNLISTED';
alter table playlists alter share_token drop not null;
update playlists set share_token = null where visibility <> 'UNLISTED';
alter table playlists add check ((share_token is not null) = (visibility = 'UNLISTED'));

drop table plays;

create table plays (
    listener_id bigint not null,
    played_at timestamptz not null,
    event_id text collate "C" not null check (char_length(event_id) between 1 and 64),
    subject_kind text not null check (subject_kind in ('TRACK', 'SOUND', 'VIDEO')),
    subject_id bigint not null,
    sound_id bigint,
    duration_ms integer not null check (duration_ms >= 0),
    primary key (listener_id, played_at, event_id)
) partition by range (played_at);

create function add_plays_partition(day date) returns void language plpgsql as $$
declare
    name text := 'plays_' || to_char(day, 'YYYYMMDD');
begin
    if to_regclass(name) is not null then
        return;
    end if;
    lock table plays in share update exclusive mode;  -- whoever else makes it now
    if to_regclass(name) is null then
        execute format('create table %I (like plays including all)', name);
        execute format('alter table plays attach partition %I for values from (%L) to (%L)', name,
            day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
    end if;
end $$;

create table play_folds (
    day date primary key,
    listener_id bigint not null,
    played_at timestamptz not null,
    event_id text collate "C" not null
);

create function close_plays_partition(day date) returns void language plpgsql as $$
declare
    name text := 'plays_' || to_char(day, 'YYYYMMDD');
begin
    insert into play_folds values (day, 0, day::timestamp at time zone 'UTC', '') on conflict do nothing;
    if found and to_regclass(name) is null then  -- somebody folded all of it while we waited
        delete from play_folds f where f.day = close_plays_partition.day;
    elsif found then
        execute format('alter table %I add constraint plays_closed check (false) not valid', name);
    end if;
end $$;

create function drop_plays_partition(folded date) returns void language plpgsql as $$
begin
    execute format('drop table if exists %I', 'plays_' || to_char(folded, 'YYYYMMDD'));
    delete from play_folds where day = folded;
end $$;

create table play_hours (
    subject_id bigint not null,
    subject_kind text not null check (subject_kind in ('TRACK', 'SOUND', 'VIDEO')),
    hour timestamptz not null,
    sound_id bigint,
    play_count bigint not null check (play_count > 0),
    duration_ms bigint not null check (duration_ms >= 0),
    primary key (subject_id, subject_kind, hour)
);

create view play_facts (subject_kind, sound_id, subject_id, hour, play_count, duration_ms) as
select subject_kind, sound_id, subject_id, hour, play_count, duration_ms from play_hours
union all
select subject_kind, sound_id, subject_id, date_trunc('hour', p.played_at, 'UTC'), 1, duration_ms
from plays p left join play_folds f on f.day = (p.played_at at time zone 'UTC')::date
where f.day is null or (p.listener_id, p.played_at, p.event_id) > (f.listener_id, f.played_at, f.event_id);

insert into consumers (name, position) select 'plays', sequence from log_head;
