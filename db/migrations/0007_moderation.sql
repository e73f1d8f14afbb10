-- Moderation finds what somebody said by who said it.

create index video_comments_author on video_comments (author_id, sound_id, id);   -- turn_comments
create index track_comments_author on track_comments (author_id, track_id, id);   -- turn_comments
