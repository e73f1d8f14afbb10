-- Wishes: what begins and what ends a state, each in the transaction of its mutation; true where anything changed.
-- `for key share` waits for whoever takes the subject away just now, where a foreign key would only fail.

-- name: like_video :value
insert into video_likes (sound_id, video_id, user_id, created_at)
select sound_id, id, $1, $4 from videos where sound_id = $2 and id = $3 and not hidden for key share
on conflict do nothing returning true

-- name: unlike_video :value
delete from video_likes where user_id = $1 and sound_id = $2 and video_id = $3 returning true

-- name: like_video_comment :value
insert into video_comment_likes (sound_id, comment_id, user_id, created_at)
select sound_id, id, $1, $4 from video_comments where sound_id = $2 and id = $3 and not hidden for key share
on conflict do nothing returning true

-- name: unlike_video_comment :value
delete from video_comment_likes where user_id = $1 and sound_id = $2 and comment_id = $3 returning true

-- name: like_track_comment :value
insert into track_comment_likes (track_id, comment_id, user_id, created_at)
select track_id, id, $1, $4 from track_comments where track_id = $2 and id = $3 and not hidden for key share
on conflict do nothing returning true

-- name: unlike_track_comment :value
delete from track_comment_likes where user_id = $1 and track_id = $2 and comment_id = $3 returning true

-- name: save_sound :value
insert into saved_sounds (user_id, sound_id, created_at) values ($1, $2, $3) on conflict do nothing returning true

-- name: unsave_sound :value
delete from saved_sounds where user_id = $1 and sound_id = $2 returning true

-- name: save_track :value
insert into saved_tracks (user_id, track_id, created_at) values ($1, $2, $3) on conflict do nothing returning true

-- name: unsave_track :value
delete from saved_tracks where user_id = $1 and track_id = $2 returning true

-- name: lock_two_users :execute
-- Who follows somebody, and who blocks him, take turns: the two leave no follow across a block.
select pg_advisory_xact_lock(hashtextextended(least($1::bigint, $2) || ' and ' || greatest($1, $2), 0))

-- name: follow_user :value
with followed as (
    insert into follows (user_id, followed_id, created_at)
    select $1, $2, $3
    where not exists (select from blocks where user_id = $1 and blocked_id = $2) and not exists (select from blocked_by where user_id = $1 and blocker_id = $2)
    on conflict do nothing returning user_id, followed_id, created_at)
insert into followers (user_id, follower_id, created_at) select followed_id, user_id, created_at from followed returning true

-- name: unfollow_user :value
with unfollowed as (delete from follows where user_id = $1 and followed_id = $2 returning user_id, followed_id)
delete from followers f using unfollowed u where f.user_id = u.followed_id and f.follower_id = u.user_id returning true

-- name: follow_artist :value
insert into artist_follows (user_id, artist_id, created_at) values ($1, $2, $3) on conflict do nothing returning true

-- name: unfollow_artist :value
delete from artist_follows where user_id = $1 and artist_id = $2 returning true

-- name: follow_playlist :value
insert into playlist_followers (playlist_id, user_id, created_at) select id, $1, $3 from playlists where id = $2 for key share
on conflict do nothing returning true

-- name: unfollow_playlist :value
delete from playlist_followers where user_id = $1 and playlist_id = $2 returning true

-- name: join_community :value
with joined as (
    insert into community_members (sound_id, user_id, created_at) values ($2, $1, $3)
    on conflict do nothing returning sound_id, user_id, created_at)
insert into user_communities (user_id, sound_id, created_at) select user_id, sound_id, created_at from joined returning true

-- name: leave_community :value
with gone as (delete from community_members where sound_id = $2 and user_id = $1 returning sound_id, user_id)
delete from user_communities c using gone where c.user_id = gone.user_id and c.sound_id = gone.sound_id returning true

-- name: block_user :value
with blocked as (
    insert into blocks (user_id, blocked_id, created_at) values ($1, $2, $3) on conflict do nothing returning user_id, blocked_id)
insert into blocked_by (user_id, blocker_id) select blocked_id, user_id from blocked returning true

-- name: unblock_user :value
with unblocked as (delete from blocks where user_id = $1 and blocked_id = $2 returning user_id, blocked_id)
delete from blocked_by b using unblocked u where b.user_id = u.blocked_id and b.blocker_id = u.user_id returning true
