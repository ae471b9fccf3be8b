-- Few windows a camera, however many recordings and hours they are made of.
select
    recorded.camera_id,
    lower(recorded.part) as starts_at,
    upper(recorded.part) as ends_at,
    null::text[] as extractors,
    null as reason
from (
    select
        s.camera_id,
        unnest(
            range_agg(tstzrange(s.starts_at, s.ends_at))
            * tstzmultirange(tstzrange(%(start)s::timestamptz, %(end)s::timestamptz))
        ) as part
    from segment as s
    where
        s.starts_at < %(end)s::timestamptz
        and s.ends_at > %(start)s::timestamptz
        and (%(cameras)s::text[] is null or s.camera_id = any(%(cameras)s::text[]))
    group by s.camera_id
) as recorded
union all
select
    processed.camera_id,
    lower(processed.part),
    upper(processed.part),
    processed.extractors,
    processed.reason
from (
    select
        c.camera_id,
        c.reason,
        array_agg(distinct c.extractor) as extractors,
        unnest(
            range_agg(tstzrange(c.starts_at, c.ends_at))
            * tstzmultirange(tstzrange(%(start)s::timestamptz, %(end)s::timestamptz))
        ) as part
    from coverage as c
    where
        c.starts_at < %(end)s::timestamptz
        and c.ends_at > %(start)s::timestamptz
        and (%(cameras)s::text[] is null or c.camera_id = any(%(cameras)s::text[]))
    group by c.camera_id, c.reason
) as processed
order by 1, 2;
