-- What else holds in a sample world as it was made; each answers with the rows of which it does not.

-- videos.views
select id from videos where view_count < like_count or view_count < comment_count

-- videos.top_score
select id from videos where abs(top_score - top_score(like_count, comment_count, share_count, view_count, created_at)) > 1e-9

-- videos.first_of_creator
select id from (select id, new_creator, row_number() over (partition by sound_id, creator_id order by created_at, id) place from videos) v
where new_creator <> (place = 1)

-- videos.trusted
select v.id from videos v join users u on u.id = v.creator_id
where v.trusted <> (v.created_at - u.joined_at >= interval '30 days') or v.created_at < u.joined_at

-- videos.weight
select v.id from users u join (
    select v.id, v.creator_id, v.created_at, v.weight,
        coalesce(sum(exp(-ln(2) * extract(epoch from v.created_at - e.created_at)::double precision / 3600 / 1344)), 0) earlier
    from videos v left join videos e on e.sound_id = v.sound_id and e.creator_id = v.creator_id and (e.created_at, e.id) < (v.created_at, v.id)
    group by v.sound_id, v.id) v on v.creator_id = u.id
where abs(v.weight - power(0.25, least(earlier, 400))
    * (0.1 + 0.9 * (1 - exp(-extract(epoch from v.created_at - u.joined_at)::double precision / 86400 / 14)))) > 1e-12

-- videos.responses
select v.id from videos v left join videos o on o.sound_id = v.response_to_sound_id and o.id = v.response_to_id
where v.response_to_id is not null and (o.id is null or o.created_at >= v.created_at)

-- videos.cleared
select v.id from videos v join users u on u.id = v.creator_id join sounds s on s.id = v.sound_id
where u.kind = 'COMMERCIAL' and not s.rights_commercial or s.rights_territories is not null and v.region <> 'ZZ' and v.region <> all (s.rights_territories)

-- video_comments.replies
select c.id from video_comments c left join video_comments a on a.sound_id = c.sound_id and a.id = c.reply_to_id
where c.reply_to_id is not null and (a.video_id is distinct from c.video_id or a.created_at > c.created_at or a.reply_to_id is not null)

-- track_comments.replies
select c.id from track_comments c left join track_comments a on a.track_id = c.track_id and a.id = c.reply_to_id
where c.reply_to_id is not null and (a.id is null or a.created_at > c.created_at or a.reply_to_id is not null)

-- sounds.age
select s.id from sounds s join videos v on v.sound_id = s.id where v.created_at < s.created_at

-- sounds.lineage
select s.id from sounds s left join sounds o on o.id = s.derived_from_id where s.derived_from_id is not null and (o.id is null or o.created_at > s.created_at)

-- artist_sounds
(select distinct c.artist_id, s.id, s.video_count::double precision from sounds s join track_credits c on c.track_id = s.track_id
    except select artist_id, sound_id, top_score from artist_sounds)
union all
(select artist_id, sound_id, top_score from artist_sounds
    except select c.artist_id, s.id, s.video_count::double precision from sounds s join track_credits c on c.track_id = s.track_id)

-- neighbour_refreshes
select s.id from sounds s left join neighbour_refreshes r on r.sound_id = s.id
where s.creator_count > 0 and r.creator_count is distinct from s.creator_count or s.creator_count = 0 and r.sound_id is not null

-- search_documents
(select kind, key, name, popularity from search_current except select kind, key, name, popularity from search_documents)
union all (select kind, key, name, popularity from search_documents except select kind, key, name, popularity from search_current)

-- playlists.private
select playlist_id from playlist_followers f join playlists p on p.id = f.playlist_id where p.visibility = 'PRIVATE'
