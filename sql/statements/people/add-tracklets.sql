insert into person_tracklet (hour, tracklet_id, person_id, day, camera_id, first_seen, last_seen, reason)
select
    %(hour)s::timestamptz,
    t.tracklet_id,
    t.person_id,
    t.day,
    t.camera_id,
    t.first_seen,
    t.last_seen,
    t.reason
from unnest(
    %(tracklet_ids)s::uuid[], %(person_ids)s::uuid[], %(days)s::date[], %(camera_ids)s::text[],
    %(firsts)s::timestamptz[], %(lasts)s::timestamptz[], %(reasons)s::text[]
) as t (tracklet_id, person_id, day, camera_id, first_seen, last_seen, reason);
