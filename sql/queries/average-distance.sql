-- id: average-distance
-- title: Average distance
-- description: >
--   How far people walked within the window, on average and in the median. With a section, the distance inside it, over
--   the people who were in it. With attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: section, type: section, description: only inside this section}
-- result: scalar
-- columns:
--   - {name: people, type: integer}
--   - {name: average_distance_m, type: number, unit: m}
--   - {name: median_distance_m, type: number, unit: m}
-- permission: aggregates
-- needs: [paths]
with walked as (
    select sum(w.length_m) as distance_m
    from walks(
        %(from)s::timestamptz, %(to)s::timestamptz, %(section)s::text, null, %(attribute)s::jsonb
    ) as w
    group by w.person_id
)
select
    count(*) as people,
    avg(walked.distance_m) as average_distance_m,
    percentile_cont(0.5) within group (order by walked.distance_m) as median_distance_m
from walked;
