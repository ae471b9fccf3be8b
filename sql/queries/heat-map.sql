-- id: heat-map
-- title: Heat map
-- description: >
--   Where people are: different people of each day in every 2 m square of the plan, and the minutes they were there
--   together, by a sample each half minute and at first and last sight. x and y are the middle of the square. With
--   attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: floor, type: floor, description: only on this floor}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: rows
-- columns:
--   - {name: floor, type: integer}
--   - {name: x_m, type: number, unit: m}
--   - {name: y_m, type: number, unit: m}
--   - {name: people, type: integer}
--   - {name: person_minutes, type: number, unit: min}
-- permission: aggregates
-- needs: [paths]
select
    (s.grid_id >> 24) - 128 as floor,
    ((s.grid_id & 4095) - 2048) * 2.0::float8 + 1 as x_m,
    (((s.grid_id >> 12) & 4095) - 2048) * 2.0::float8 + 1 as y_m,
    sum(s.people)::bigint as people,
    sum(s.samples)::float8 / 2 as person_minutes
from squares(
    %(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(floor)s::integer, %(attribute)s::jsonb
) as s
group by s.grid_id
order by s.grid_id;
