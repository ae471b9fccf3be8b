select
    count(*) filter (where state = 'accepted'),
    count(*) filter (where state in ('leased', 'running')),
    coalesce(extract(epoch from clock_timestamp() - min(created_at) filter (where state = 'accepted')), 0)::float8,
    coalesce(sum(camera_s), 0)
from extraction_request
where state in ('accepted', 'leased', 'running');
