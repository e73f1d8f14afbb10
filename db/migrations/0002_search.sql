-- Search: one table of what is public, by the words that people know it by.
--
-- Nothing but pg_trgm is needed: accents are folded by normalize(), which every Postgres has; unaccent is not offered everywhere and is not immutable.
-- A database whose locale is "C" folds the case of English letters only.

-- The words of a text as search compares them: NFKD without marks and invisible characters, small letters, letters apart from digits. What is written
-- without spaces (Han, kana) and every emoji is a word a character, so that a part of it is found. A text of signs alone ("!!!") is one word.
-- In plpgsql because it takes a fifth of the time of the same in sql.
create function search_words(value text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
    bare text := lower(left(value, 300));
    words text;
begin
    if bare ~ '^[a-z]+( [a-z]+)*$' then
        return string_to_array(bare, ' ');
    end if;
    if bare ~ '[^\u0001-\u007e]' then
        bare := lower(regexp_replace(normalize(left(value, 300), NFKD),
            '[\u00ad\u02bc\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u2019\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff]', '', 'g'));
        bare := replace(replace(replace(replace(translate(bare, 'øłđħŧıςðŋ', 'oldhtiσdn'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    end if;
    words := regexp_replace(replace(bare, '''', ''),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u055a-\u055f\u0589\u05be\u05c0\u05c3\u05f3\u05f4\u0609-\u060d\u061b-\u061f\u066a-\u066d\u06d4\u0964\u0965\u1680\u2000-\u206f\u20a0-\u20cf\u2190-\u25ff\u2e00-\u2e7f\u3000-\u303f]+', ' ', 'g');
    words := regexp_replace(words,
        '([0-9]+|[\u2600-\u27bf\u2b00-\u2bff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001f000-\U0001faff\U00020000-\U0003134f])', ' \1 ', 'g');
    words := btrim(regexp_replace(words, ' {2,}', ' ', 'g'));
    return case when words <> '' then string_to_array(words, ' ') else array_remove(array[regexp_replace(bare, '\s', '', 'g')], '') end;
end $$;

-- A word as a tsquery reads it, whatever is in it; `suffix` is '' or ':*'. Of some kinds only: every document has each of its words twice, plain and
-- marked with the first letter of its kind, because to intersect a word with all the users takes longer than to find the word.
create function search_term(word text, kinds text[], suffix text) returns text language sql immutable parallel safe as $$
    select '(' || string_agg('''' || replace(replace(mark || word, '\', '\\'), '''', '''''') || '''' || suffix, ' | ') || ')'
    from (select left(kind, 1) || '=' as mark from unnest(kinds) kind union all select '' where kinds is null) marks
$$;

-- A word, and the word without each of its letters. Two words that are one letter apart (one missing, one too many, another, or two that changed
-- places) have one of these in common; of trigrams lvoe and love share one of nine.
create function search_deletions(word text) returns text[] language plpgsql immutable strict parallel safe as $$
declare
    shorter text[] := array[word];
begin
    for place in 1 .. char_length(word) loop
        shorter := shorter || overlay(word placing '' from place for 1);
    end loop;
    return shorter;
end $$;

-- How well known something is, 0 to 100: the logarithm of its size (followers, creators, plays, videos), 100 where it is as great as the greatest of its
-- kind anywhere. A fixed scale, so that no document waits for the others.
create function search_popularity(kind text, size bigint) returns smallint language sql immutable parallel safe as $$
    select least(100, round(100 * ln(1 + size::double precision)
        / ln(case kind when 'TRACK' then 1e9 when 'ARTIST' then 1e8 when 'HASHTAG' then 1e8 when 'SOUND' then 1e6 else 1e7 end::double precision)))::smallint
$$;

-- How good a match is. Quality first (the whole name, its beginning, the words in one piece, the words scattered or among the credits), then how much
-- of the name was asked for, then how well known it is: as much as 600, so a star whose name begins so stands above a stranger who is called so.
create function search_rank(name text, alias text, popularity smallint, at_home boolean, asked text) returns integer
    language sql immutable parallel safe
    return case
        when replace(asked, ' ', '') in (replace(name, ' ', ''), replace(alias, ' ', '')) then 1000
        when starts_with(replace(name, ' ', ''), replace(asked, ' ', '')) or starts_with(replace(alias, ' ', ''), replace(asked, ' ', '')) then 800
        when strpos(' ' || name, ' ' || asked) > 0 then 650
        else 500 end
        + 100 * char_length(asked) / greatest(char_length(asked), char_length(name)) + 6 * popularity + case when at_home then 150 else 0 end;

-- Everything that may be found, and what by: the one place that says so.
create view search_sources (kind, id, key, name, alias, credits, region, size) as
select 'USER', id, id::text, display_name, handle, null, region, follower_count from users where status = 'ACTIVE'
union all
select 'ARTIST', id, id::text, name, null, null, 'ZZ', follower_count from artists
union all
select 'TRACK', id, id::text, title, null,
    (select string_agg(credited_as, ' ' order by position) from track_credits where track_id = tracks.id), 'ZZ', play_count
from tracks
union all
select 'SOUND', id, id::text, title, null,
    (select string_agg(credited_as, ' ' order by position) from track_credits where track_credits.track_id = sounds.track_id),
    coalesce((select region from community_regions where sound_id = sounds.id order by creator_count desc, region limit 1), 'ZZ'), creator_count
from sounds where status <> 'REMOVED'
union all
select 'PLAYLIST', id, id::text, title, null, null, 'ZZ', follower_count from playlists where visibility = 'PUBLIC'
union all
select 'HASHTAG', null, name, name, null, null, 'ZZ', video_count from hashtags;

create table search_documents (
    kind text collate "C" not null check (kind in ('SOUND', 'TRACK', 'ARTIST', 'USER', 'PLAYLIST', 'HASHTAG')),
    key text collate "C" not null,                      -- the id; of a hashtag its name
    name text not null,                                 -- its words, with single spaces
    alias text,                                         -- the words of a handle, likewise
    region text not null,                               -- where it is at home; ZZ for nowhere
    popularity smallint not null check (popularity between 0 and 100),
    tier smallint not null check (tier between 0 and 3),
    terms tsvector not null,                            -- its words and those of its credits, ~name and ~alias without spaces; each also as K=word
    primary key (kind, key)
);

-- A common word is in tens of thousands of documents, and an inverted index has no order: so the few best known are asked first, and each next tier
-- (up to the first 64th, 16th and 4th of a kind, and the rest) only where those before it did not suffice. All of them: search_documents.
create index search_documents_first on search_documents using gin (terms) with (fastupdate = off) where tier = 0;
create index search_documents_second on search_documents using gin (terms) with (fastupdate = off) where tier = 1;
create index search_documents_third on search_documents using gin (terms) with (fastupdate = off) where tier = 2;
create index search_documents_rest on search_documents using gin (terms) with (fastupdate = off) where tier = 3;
create index search_documents_name on search_documents (name, popularity);
create index search_documents_alias on search_documents (alias) where alias is not null;

-- The popularity that each of the first three tiers begins above; refreshed by the worker. Strictly above, so that where nobody is known nobody is in tier 0.
create table search_tiers (
    kind text primary key,
    above smallint[] not null check (cardinality(above) = 3)
);

-- The words that a misspelled one may have meant. What many documents have is no misspelling: the worker marks it.
create table search_vocabulary (
    word text collate "C" primary key check (char_length(word) between 4 and 20),
    common boolean not null default false
);
create index search_vocabulary_deletions on search_vocabulary using gin (search_deletions(word));   -- search_documents
create index search_vocabulary_trigrams on search_vocabulary using gin (word gin_trgm_ops);        -- search_documents

-- The documents as they ought to be.
create view search_current as
select kind, id, key, array_to_string(words, ' ') as name, array_to_string(alias_words, ' ') as alias, region, popularity,
    (select count(*) from unnest(coalesce(above, '{100, 100, 100}')) least where popularity <= least)::smallint as tier,
    array_to_tsvector(spoken || string_to_array(left(kind, 1) || '=' || array_to_string(spoken, ' ' || left(kind, 1) || '='), ' ')) as terms,
    words || alias_words || credit_words as words
from search_sources
cross join lateral (
    select search_words(name) as words, search_words(alias) as alias_words, search_words(credits) as credit_words,
        search_popularity(kind, size) as popularity offset 0) folded
cross join lateral (
    select array_remove(words || alias_words || credit_words
        || array['~' || array_to_string(words, ''), '~' || array_to_string(alias_words, '')], null) as spoken offset 0) joined
left join search_tiers using (kind)
where cardinality(words) > 0;
