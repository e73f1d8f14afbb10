-- A share token lives exactly as long as its playlist is unlisted: a link that was passed on then opens nothing any more.

delete from share_tokens t using playlists p where p.id = t.playlist_id and p.visibility <> 'UNLISTED';
alter table playlists alter share_token drop not null;
update playlists set share_token = null where visibility <> 'UNLISTED';
alter table playlists add check ((share_token is not null) = (visibility = 'UNLISTED'));
