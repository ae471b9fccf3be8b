-- What was loaded before gets its rollups.
select ensure_partitions(span.low, span.high)
from (select min(starts_at) as low, max(starts_at) as high from person_track) as span
where span.low is not null;

update person as p
set distance_m = walked.distance_m
from (select person_id, sum(length_m) as distance_m from person_track group by person_id) as walked
where p.person_id = walked.person_id;

select rebuild_rollups();
