-- What PostGraphile makes its schema of: views of Chorus's tables that show what everybody may see, and the relations in smart comments.

create schema if not exists bench_peers;

create or replace view bench_peers.users as
select id, handle, display_name, avatar_url, verified from users where status = 'ACTIVE';
comment on view bench_peers.users is '@primaryKey id';

create or replace view bench_peers.artists as
select id, name from artists;
comment on view bench_peers.artists is '@primaryKey id';

create or replace view bench_peers.tracks as
select id, title, duration_ms from tracks;
comment on view bench_peers.tracks is '@primaryKey id';

create or replace view bench_peers.credits as
select track_id, position, artist_id from track_credits;
comment on view bench_peers.credits is $$@primaryKey track_id,position
@foreignKey (track_id) references bench_peers.tracks (id)|@fieldName track|@foreignFieldName credits
@foreignKey (artist_id) references bench_peers.artists (id)|@fieldName artist|@foreignFieldName credits$$;

create or replace view bench_peers.sounds as
select id, title, kind, status, duration_ms, creator_id, track_id, video_count, creator_count from sounds;
comment on view bench_peers.sounds is $$@primaryKey id
@foreignKey (creator_id) references bench_peers.users (id)|@fieldName creator|@foreignFieldName sounds
@foreignKey (track_id) references bench_peers.tracks (id)|@fieldName track|@foreignFieldName sounds$$;

create or replace view bench_peers.videos as
select sound_id, id, creator_id, caption, created_at, view_count, like_count from videos where not hidden;
comment on view bench_peers.videos is $$@primaryKey sound_id,id
@foreignKey (sound_id) references bench_peers.sounds (id)|@fieldName sound|@foreignFieldName videos
@foreignKey (creator_id) references bench_peers.users (id)|@fieldName creator|@foreignFieldName videos$$;

create or replace view bench_peers.playlists as
select id, title, owner_id from playlists where visibility = 'PUBLIC';
comment on view bench_peers.playlists is $$@primaryKey id
@foreignKey (owner_id) references bench_peers.users (id)|@fieldName owner|@foreignFieldName playlists$$;

create or replace view bench_peers.playlist_entries as
select playlist_id, id, sort_key, added_at,
    case kind when 'TRACK' then entry_id end as track_id, case kind when 'SOUND' then entry_id end as sound_id
from playlist_items;
comment on view bench_peers.playlist_entries is $$@primaryKey playlist_id,id
@foreignKey (playlist_id) references bench_peers.playlists (id)|@fieldName playlist|@foreignFieldName entries
@foreignKey (track_id) references bench_peers.tracks (id)|@fieldName track|@foreignFieldName entries
@foreignKey (sound_id) references bench_peers.sounds (id)|@fieldName sound|@foreignFieldName entries$$;

create or replace view bench_peers.chart_entries as
select rank::int as rank, score, sound_id
from chart_versions cross join unnest(sound_ids, scores) with ordinality entry(sound_id, score, rank);
comment on view bench_peers.chart_entries is $$@primaryKey rank
@foreignKey (sound_id) references bench_peers.sounds (id)|@fieldName sound|@foreignFieldName chartEntries$$;

-- The first entries of the newest chart of everywhere.
create or replace function bench_peers.trending_sounds(span text, kind text, most int) returns setof bench_peers.chart_entries
language sql stable as $$
    select rank::int, score, sound_id
    from (
        select sound_ids[:most] as sound_ids, scores[:most] as scores from chart_versions c
        where c.region = 'GLOBAL' and c.niche_id = 0 and c."window" = span and c.kind = trending_sounds.kind order by version desc limit 1) newest
    cross join unnest(sound_ids, scores) with ordinality entry(sound_id, score, rank)
$$;

-- The sounds of these ids, in their order.
create or replace function bench_peers.sounds_by_ids(ids bigint[]) returns setof bench_peers.sounds
language sql stable as $$
    select s.* from unnest(ids) with ordinality wanted(id, place) join bench_peers.sounds s using (id) order by place
$$;
