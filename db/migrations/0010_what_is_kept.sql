-- What passes, and how: charts as they were are thinner the older they are.

drop index chart_versions_passing;
drop function is_history;

-- Whether a version stood in the instant in which such a span begins; the origin's microsecond lets one stand that came in that very instant.
create function stood(span interval, as_of timestamptz, followed_at timestamptz) returns boolean
    language sql immutable parallel safe
    return date_bin(span, as_of, timestamptz '1970-01-01 00:00:00.000001+00') <> date_bin(span, followed_at, timestamptz '1970-01-01 00:00:00.000001+00');

-- How long a version is kept after it was followed (resolvers/trending.py HISTORY says the same): what stood when a day began, an hour in the charts of the
-- hour and the day, five minutes in those of the hour; of the others an hour.
create function chart_keeping("window" text, as_of timestamptz, followed_at timestamptz) returns interval
    language sql immutable parallel safe
    return case
        when stood('1 day', as_of, followed_at) then interval '9600 hours'
        when "window" <> 'WEEK' and stood('1 hour', as_of, followed_at) then interval '744 hours'
        when "window" = 'HOUR' and stood('5 minutes', as_of, followed_at) then interval '72 hours'
        else interval '1 hour' end;

create index chart_versions_passing on chart_versions (region, niche_id, followed_at)
    where chart_keeping("window", as_of, followed_at) = interval '1 hour';   -- drop_chart_versions
create index chart_versions_aging on chart_versions (chart_keeping("window", as_of, followed_at), followed_at)
    where chart_keeping("window", as_of, followed_at) > interval '1 hour';   -- thin_chart_history

-- Videos that are gone, and what stood under them is not yet: likes and comments outlive the row of their video until the worker erases them in turns.

alter table video_likes drop constraint video_likes_sound_id_video_id_fkey;
alter table video_comments drop constraint video_comments_sound_id_video_id_fkey;
create index video_comments_hidden on video_comments (sound_id, video_id, id) where hidden;   -- comments_to_erase

create table video_erasures (
    sound_id bigint not null,
    video_id bigint not null,
    primary key (sound_id, video_id)                    -- videos_to_erase
);
