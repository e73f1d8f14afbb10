-- Search: the documents of what is public, kept with each fact; asked for by words, by the beginnings of words, and by likeness.
-- They stay on the coordinator, as charts do: what they tell of has many owners.

-- columns: Document
kind, key, name, alias, region, popularity, tier, terms

-- columns: Tiers
(select {Ranked} from search_documents where tier = 0 and terms @@ part.terms order by rank desc, kind, key limit 200)
union all
(select {Ranked} from search_documents where tier = 1 and terms @@ part.terms order by rank desc, kind, key limit 200)
union all
(select {Ranked} from search_documents where tier = 2 and terms @@ part.terms order by rank desc, kind, key limit 200)
union all
(select {Ranked} from search_documents where tier = 3 and terms @@ part.terms order by rank desc, kind, key limit 200)
limit 200

-- columns: Ranked
kind, key, name, search_rank(name, alias, popularity, region = {arg2}::text, asked.phrase) as rank

-- name: search_documents :page_per(query) by(rank, kind, key)
-- The best 200 documents for each text of $1, of the kinds {arg1} (null: all), those at home in the region {arg2} (null: nowhere) a little higher. All words must
-- be there, the last may be a beginning; where fewer than 20 have them so, words that are spelled alike do, or that begin so. To ask for all that begins so
-- would be tens of thousands of documents a word: it is the four best known or shortest, for the first three words, from three letters on, and for none that
-- the best known have as it is.
select wanted.query, page.* from unnest($1::text[]) wanted(query) cross join lateral (
    with asked as materialized (
        select words, array_to_string(words, ' ') as phrase, (
                select string_agg(search_term(word, {arg1}::text[], case when place = least(6, cardinality(words)) then ':*' else '' end), ' & ')
                    || case when char_length(array_to_string(words, '')) > 5
                        then ' | ' || search_term('~' || array_to_string(words, ''), {arg1}, ':*') else '' end
                from unnest(words[1:6]) with ordinality as spoken(word, place))::tsquery as terms
        from (select search_words(wanted.query) as words) folded),
    near as materialized (select found.* from asked cross join lateral (select asked.terms) part cross join lateral ({Tiers}) found),
    named as (
        select {Ranked} from asked cross join lateral (
            (select * from search_documents where search_documents.name = phrase and kind = any(coalesce({arg1}::text[], array[kind])) order by search_documents.popularity desc limit 50)
            union all
            (select * from search_documents where search_documents.alias = phrase and kind = any(coalesce({arg1}::text[], array[kind])) limit 50)) called),
    meant as materialized (
        select string_agg(spelling, ' & ')::tsquery as terms from asked cross join lateral (
            select '(' || string_agg(search_term(variant.word, {arg1}, ''), ' | ') || ')' as spelling, bool_or(variant.word <> spoken.word) as guessed
            from unnest(words[1:6]) with ordinality as spoken(word, place)
            left join search_vocabulary known on known.word = spoken.word
            cross join lateral (
                select spoken.word where char_length(spoken.word) not between 4 and 20 or known.word is not null
                union
                (select v.word from search_vocabulary v
                 where search_deletions(v.word) && search_deletions(spoken.word) and char_length(spoken.word) between 4 and 20 and known.common is not true
                 order by similarity(v.word, spoken.word) desc, v.word limit 8)
                union
                (select v.word from search_vocabulary v
                 where v.word %> spoken.word and char_length(spoken.word) between 5 and 20
                    and not exists (select from search_vocabulary v where search_deletions(v.word) && search_deletions(spoken.word))
                 order by similarity(v.word, spoken.word) desc, v.word limit 4)
                union
                (select begun.word from (
                    select v.word, v.common from search_vocabulary v
                    where v.word >= spoken.word and v.word < spoken.word || chr(1114111)
                        and cardinality(words) > 1 and place <= 3 and char_length(spoken.word) between 3 and 20 and known.word is null
                        and not exists (select from search_documents where tier = 0 and terms @@ search_term(spoken.word, null, '')::tsquery)
                    order by v.word limit 1000) begun
                 order by begun.common desc, char_length(begun.word), begun.word limit 4)) variant(word)
            group by place) spelled
        where (select count(*) from near) < 20
        having bool_or(guessed) or count(*) < max(cardinality(words[1:6]))),
    corrected as (
        select kind, key, name, rank - 400 + (300 * word_similarity(phrase, name))::integer as rank
        from asked cross join meant as part cross join lateral ({Tiers}) found)
    select * from (
        select kind, key, max(rank) as rank from (table near union all table named union all table corrected) candidates
        group by kind, key order by rank desc, kind desc, key desc limit 200) best
    where {range} order by {order} limit $2) page

-- name: index_documents :execute
-- In the transaction of every fact that changes what may be found, or what by: $1 is the kind, $2 the keys as text (ids; of hashtags their names).
with current as materialized (
    select {Document}, words from search_current
    where kind = $1::text and $1 <> 'HASHTAG' and id = any(case when $1 <> 'HASHTAG' then $2::text[]::bigint[] end)
    union all
    select {Document}, words from search_current where kind = 'HASHTAG' and $1 = 'HASHTAG' and key = any($2)),
gone as (delete from search_documents where kind = $1 and key = any($2) and key not in (select key from current)),
learned as (
    insert into search_vocabulary (word)
    select distinct word from current cross join unnest(words) word where char_length(word) between 4 and 20 order by word
    on conflict do nothing)
insert into search_documents ({Document}) select {Document} from current order by kind, key
on conflict (kind, key) do update set ({Document}) = row (excluded.*)
where search_documents.* is distinct from excluded.*

-- name: undocumented_hashtags :rows
-- Those of the names $1 that no document tells of yet.
select hashtag as name from unnest($1::text[]) hashtag where not exists (select from search_documents where kind = 'HASHTAG' and key = hashtag) order by hashtag

-- name: documents_in_turn :rows
-- The next documents of a kind, for the worker to make anew: what they are known for moves without a fact of theirs.
select key from search_documents where kind = $1 and key > $2 order by key limit $3

-- name: index_everything :execute
-- All documents anew, after `refresh_tiers`: for a world that was loaded in bulk, and for repairs.
with current as materialized (select {Document}, words from search_current),
gone as (delete from search_documents where (kind, key) not in (select kind, key from current)),
learned as (
    insert into search_vocabulary (word)
    select distinct word from current cross join unnest(words) word where char_length(word) between 4 and 20
    on conflict do nothing)
insert into search_documents ({Document}) select {Document} from current
on conflict (kind, key) do update set ({Document}) = row (excluded.*)
where search_documents.* is distinct from excluded.*

-- name: words_in_turn :value
-- The next words of the vocabulary.
select array_agg(word order by word) from (select word from search_vocabulary where word > $1 order by word limit $2) page

-- name: forget_words :execute
-- Those of the words $1 that are in no document any more.
delete from search_vocabulary where word = any($1::text[])
    and not exists (select from search_documents where tier = 0 and terms @@ search_term(word, null, '')::tsquery)
    and not exists (select from search_documents where tier = 1 and terms @@ search_term(word, null, '')::tsquery)
    and not exists (select from search_documents where tier = 2 and terms @@ search_term(word, null, '')::tsquery)
    and not exists (select from search_documents where tier = 3 and terms @@ search_term(word, null, '')::tsquery)

-- name: refresh_tiers :execute
-- Where the first 64th, 16th and 4th of each kind begin: for the worker, once a round over all documents.
insert into search_tiers (kind, above)
select kind, percentile_disc(array[63.0 / 64, 15.0 / 16, 3.0 / 4]) within group (order by search_popularity(kind, size)) from search_sources group by kind
on conflict (kind) do update set above = excluded.above

-- name: mark_common_words :execute
-- As `refresh_tiers`. Looks at the known sixteenth only, which takes half a second among half a million documents.
update search_vocabulary set common = true
from ts_stat('select terms from search_documents where tier = 0') found
where found.word = search_vocabulary.word and ndoc >= 3 and not common
