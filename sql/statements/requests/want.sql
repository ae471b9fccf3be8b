-- Locks the row in either case, so that nobody can end the request before one's own job is noted.
insert into extraction_request as held (fingerprint, segment_ids, starts_at, ends_at, camera_s, priority)
values (
    %(fingerprint)s::text,
    %(segment_ids)s::uuid[],
    %(start)s::timestamptz,
    %(end)s::timestamptz,
    %(camera_s)s::float8,
    %(priority)s::smallint
)
on conflict (fingerprint) where state in ('accepted', 'leased', 'running') do update
    set priority = greatest(held.priority, excluded.priority)
returning request_id;
