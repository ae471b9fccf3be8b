drop function walks_of, seen_parts;
alter table person_track drop unseen;
alter table person_track_aside drop unseen;
