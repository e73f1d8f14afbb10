-- Charts as they were: of the versions that were followed, one in five minutes, an hour or a day stays, by the window.

-- Whether a version stood in the instant in which such a span begins; the origin's microsecond lets one stand that came in that very instant.
create function is_history("window" text, as_of timestamptz, followed_at timestamptz) returns boolean
    language sql immutable parallel safe
    return date_bin(case "window" when 'HOUR' then interval '5 minutes' when 'DAY' then interval '1 hour' else interval '1 day' end,
            as_of, timestamptz '1970-01-01 00:00:00.000001+00')
        <> date_bin(case "window" when 'HOUR' then interval '5 minutes' when 'DAY' then interval '1 hour' else interval '1 day' end,
            followed_at, timestamptz '1970-01-01 00:00:00.000001+00');

create index chart_versions_as_of on chart_versions (region, niche_id, "window", kind, as_of, version);   -- chart_versions_at, chart_history
create index chart_versions_passing on chart_versions (region, niche_id, followed_at)
    where not is_history("window", as_of, followed_at);   -- drop_chart_versions

-- The best rank of the stays that ended: who comes back has it again.
create table chart_peaks (
    region text not null,
    niche_id smallint not null,
    "window" text not null,
    kind text not null,
    sound_id bigint not null,
    peak_rank smallint not null,
    primary key (region, niche_id, "window", kind, sound_id)   -- chart_peaks
);
