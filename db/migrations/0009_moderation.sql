-- Moderation and erasing find what somebody did by who did it; who is erased leaves shares and reports that are nobody's.

create index video_comments_author on video_comments (author_id, sound_id, id);   -- turn_comments
create index track_comments_author on track_comments (author_id, track_id, id);   -- turn_comments

create index video_likes_user on video_likes (user_id);                           -- erase_video_likes
create index video_comment_likes_user on video_comment_likes (user_id);           -- erase_video_comment_likes
create index track_comment_likes_user on track_comment_likes (user_id);           -- erase_track_comment_likes
create index playlist_followers_user on playlist_followers (user_id);             -- erase_playlist_follows
create index playlist_items_added_by on playlist_items (added_by_id);             -- erase_additions
create index shares_user on shares (user_id);                                     -- erase_shares

alter table shares alter user_id drop not null;
alter table reports alter reporter_id drop not null;

create table erasures (
    user_id bigint primary key,
    xid xid8 not null default pg_current_xact_id(),     -- who could not see the mark is over before anything is erased
    begun_at timestamptz not null,
    log_position bigint not null default 0              -- up to here the log does not name the person any more
);
