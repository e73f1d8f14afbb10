-- Niches: few, and the same on every shard.

-- columns: Niche
id, slug, name

-- name: niche_by_id :one_per(id) Niche
-- bigint, because an id that no smallint holds must find nothing rather than fail.
select {Niche} from niches where id = any($1::bigint[])

-- name: niches :rows Niche
select {Niche} from niches order by slug
