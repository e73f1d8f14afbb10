-- Charts and what they are read from. Charts stay on the coordinator; counters are beside their sounds.
-- A niche that a client names is a bigint: an id that no smallint holds must find nothing rather than fail.

-- name: scopes_due :rows
-- A niche's scope can wait half a minute longer than one of all niches; of those that come at once the widest are first.
select region, niche_id from trend_scopes where due_at <= $1
order by due_at + case niche_id when 0 then interval '0' else interval '30 seconds' end, niche_id, region <> 'GLOBAL' limit $2

-- name: bring_scopes_back :execute
-- What was scored later than it is, by a clock that was set back since or by another worker's, is due now.
update trend_scopes set
    scored_at = $1, due_at = $1, changed_at = least(changed_at, $1::timestamptz), wanted_at = least(wanted_at, $1::timestamptz)
where scored_at > $1

-- name: scopes_by_key :one_per(region, niche_id)
select region, niche_id, at, trusted, changed_at, scored_at, wanted_at
from trend_scopes join unnest($1::text[], $2::bigint[]) wanted(r, n) on region = r and niche_id = n

-- name: want_scopes :execute
-- One that changed since it was scored comes up five seconds after that, one that did not after a minute.
update trend_scopes set
    wanted_at = greatest(wanted_at, $3),
    due_at = least(due_at, scored_at + case when changed_at > scored_at then interval '5 seconds' else interval '1 minute' end)
from unnest($1::text[], $2::bigint[]) wanted(r, n) where region = r and niche_id = n

-- name: counters_by_sound :one_per(sound_id)
select sound_id, at, trusted, young from trend_counters where sound_id = any($1::bigint[]) and region = $2 and niche_id = $3::bigint

-- name: counters_in_scope :row
-- The sounds that can be on a chart: after 24 half-lives of a week, sixteen million videos are one. Columns are sent as trending/columns.py reads them.
select
    (select position from consumers where name = 'counts') position,
    string_agg(int8send(sound_id), '') sound_ids,
    string_agg(float8send(hours), '') hours,
    array[string_agg(float8send(trusted[1]), ''), string_agg(float8send(trusted[2]), ''),
          string_agg(float8send(trusted[3]), ''), string_agg(float8send(trusted[4]), '')] trusted,
    array[string_agg(float8send(young[1]), ''), string_agg(float8send(young[2]), ''),
          string_agg(float8send(young[3]), ''), string_agg(float8send(young[4]), '')] young
from (
    select sound_id, date_part('epoch', $3 - at) / 3600 hours, trusted, young
    from trend_counters c
    where region = $1 and niche_id = $2 and active_on >= ($3::timestamptz - interval '168 days')::date
        and decayed(trusted[3], date_part('epoch', $3 - at) / 3600, 168) > $4
        and not exists (select from sounds s where s.id = c.sound_id and s.status <> 'ACTIVE')) live

-- name: window_creators :one_per(sound_id)
-- The distinct trusted creators of the newest videos of a window, and the point of the curve that each of those videos falls on: as
-- trending/columns.py reads it, because a number more in a column costs less than a group more.
select s.id sound_id, w.*
from sounds s cross join lateral (
    select count(distinct creator_id) filter (where trusted) creator_count, string_agg(int4send(point), '') points
    from (
        select creator_id, trusted, width_bucket(created_at, $4::timestamptz[]) point
        from videos where sound_id = s.id and created_at > $2 and created_at <= $3 and not hidden
        order by created_at desc, id desc limit $5) v) w
where s.id = any($1::bigint[])

-- name: window_creators_in_region :one_per(sound_id)
select s.id sound_id, w.*
from sounds s cross join lateral (
    select count(distinct creator_id) filter (where trusted) creator_count, string_agg(int4send(point), '') points
    from (
        select creator_id, trusted, width_bucket(created_at, $4::timestamptz[]) point
        from videos where sound_id = s.id and region = $6 and created_at > $2 and created_at <= $3 and not hidden
        order by created_at desc, id desc limit $5) v) w
where s.id = any($1::bigint[])

-- name: window_creators_in_niche :one_per(sound_id)
select s.id sound_id, w.*
from sounds s cross join lateral (
    select count(distinct creator_id) filter (where trusted) creator_count, string_agg(int4send(point), '') points
    from (
        select creator_id, trusted, width_bucket(created_at, $4::timestamptz[]) point
        from video_niches where sound_id = s.id and niche_id = $6::bigint and created_at > $2 and created_at <= $3 and not hidden
        order by created_at desc, video_id desc limit $5) v) w
where s.id = any($1::bigint[])

-- name: window_creators_in_niche_region :one_per(sound_id)
select s.id sound_id, w.*
from sounds s cross join lateral (
    select count(distinct creator_id) filter (where trusted) creator_count, string_agg(int4send(point), '') points
    from (
        select creator_id, trusted, width_bucket(created_at, $4::timestamptz[]) point
        from video_niches where sound_id = s.id and niche_id = $6::bigint and region = $7 and created_at > $2 and created_at <= $3 and not hidden
        order by created_at desc, video_id desc limit $5) v) w
where s.id = any($1::bigint[])

-- name: mark_scored :value
-- Null where another worker scored it meanwhile. What was counted since it was read makes it due again at once.
update trend_scopes set
    scored_at = $4,
    due_at = case when changed_at = $5 then coalesce($4::timestamptz + $6 * interval '1 second', 'infinity') else $4::timestamptz + interval '5 seconds' end
where region = $1 and niche_id = $2 and scored_at is not distinct from $3
returning true

-- name: newest_charts :rows
select c.*
from unnest('{HOUR,DAY,WEEK}'::text[]) w, unnest('{BREAKOUT,POPULAR}'::text[]) k, lateral (
    select "window", kind, version, sound_ids, peak_ranks from chart_versions
    where region = $1 and niche_id = $2 and "window" = w and kind = k order by version desc limit 1) c

-- name: insert_chart_version :execute
-- Curves are a text: 28,000 numbers as an array take the caller ten times as long to encode.
with before as (
    update chart_versions set followed_at = $6
    where region = $1 and niche_id = $2 and "window" = $3 and kind = $4 and version = $5 - 1)
insert into chart_versions (region, niche_id, "window", kind, version, as_of, sequence, method_version, sound_ids, scores, observed, expected,
    creator_counts, previous_ranks, peak_ranks, curves)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::text::smallint[])

-- name: chart_peaks :rows
select sound_id, peak_rank from chart_peaks
where region = $1 and niche_id = $2 and "window" = $3 and kind = $4 and sound_id = any($5::bigint[])

-- name: keep_chart_peaks :execute
insert into chart_peaks (region, niche_id, "window", kind, sound_id, peak_rank)
select $1, $2, $3, $4, * from unnest($5::bigint[], $6::smallint[])
on conflict (region, niche_id, "window", kind, sound_id) do update set peak_rank = excluded.peak_rank

-- name: drop_chart_versions :execute
-- The newest stays for ever, and history for long; the others an hour from when they were followed, or a minute where nobody asked for them: since $5
-- nobody did.
delete from chart_versions
where region = $1 and niche_id = $2 and chart_keeping("window", as_of, followed_at) = interval '1 hour'
    and (followed_at < $3 or followed_at < $4 and as_of > $5)

-- name: thin_chart_history :value
-- At most $3 of the versions that were to be kept for so long.
with gone as (
    delete from chart_versions where (region, niche_id, "window", kind, version) in (
        select region, niche_id, "window", kind, version from chart_versions
        where chart_keeping("window", as_of, followed_at) = $1 and chart_keeping("window", as_of, followed_at) > interval '1 hour' and followed_at < $2
        order by followed_at limit $3)
    returning 1)
select count(*) from gone

-- name: chart_versions_at :one_per(region, niche_id, window, kind, wanted_at)
-- The newest of the kept versions that were there at a time.
select region, niche_id, "window", kind, wanted_at, version
from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) asked(r, n, w, k, wanted_at)
    cross join lateral (
        select region, niche_id, "window", kind, version from chart_versions c
        where c.region = r and c.niche_id = n and c."window" = w and c.kind = k and as_of <= wanted_at
        order by as_of desc, version desc limit 1) c

-- name: chart_history :many_per(sound_id)
-- Where sounds stood in a chart at these instants; each version is unpacked once, however many instants and sounds ask for it.
with stood as materialized (
    select version, array_agg(instant) instants
    from unnest($6::timestamptz[]) instant cross join lateral (
        select version from chart_versions
        where region = $2 and niche_id = $3::bigint and "window" = $4 and kind = $5 and as_of <= instant
        order by as_of desc, version desc limit 1) c
    group by version)
select sound_id, at, rank::integer rank, score
from stood join chart_versions c using (version)
    cross join lateral unnest(sound_ids, scores) with ordinality ranked(sound_id, score, rank)
    cross join lateral unnest(instants) at
where c.region = $2 and c.niche_id = $3::bigint and c."window" = $4 and c.kind = $5 and sound_id = any($1::bigint[])
order by sound_id, at

-- name: chart_heads :rows
-- The newest versions of charts, and how far the log was counted.
select place::integer, (
        select version from chart_versions c where c.region = r and c.niche_id = n and c."window" = w and c.kind = k
        order by version desc limit 1) version,
    epoch, position
from unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) with ordinality wanted(r, n, w, k, place), log_head, consumers
where name = 'counts'

-- name: chart_slice :one_per(region, niche_id, window, kind, wanted) Chart
-- Ranks $6 to $7 of a chart; its version 0 is the newest.
select region, niche_id, "window", kind, wanted, version, as_of, followed_at, sequence, method_version, size,
    sound_ids[$6:$7] sound_ids, scores[$6:$7] scores, observed[$6:$7] observed, expected[$6:$7] expected,
    creator_counts[$6:$7] creator_counts, previous_ranks[$6:$7] previous_ranks, peak_ranks[$6:$7] peak_ranks,
    curves[($6 - 1) * points + 1:$7 * points] curves, points
from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) asked(r, n, w, k, wanted)
    cross join lateral (
        select *, cardinality(sound_ids) size, coalesce(cardinality(curves) / nullif(cardinality(sound_ids), 0), 0) points
        from chart_versions c
        where c.region = r and c.niche_id = n and c."window" = w and c.kind = k and (wanted = 0 or version = wanted)
        order by version desc limit 1) c
