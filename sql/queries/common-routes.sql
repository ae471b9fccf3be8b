-- id: common-routes
-- title: Common routes
-- description: >
--   The most common sequences of sections, one entered after the other, begun within the window. Each sequence of a
--   person counts; people are different people. With a section, only routes through it; with attributes, only people
--   who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: section, type: section, description: only this section}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
--   - {name: length, type: integer, description: "sections in a route, 2 to 6; 3 unless given"}
-- result: rows
-- columns:
--   - {name: route, type: text}
--   - {name: people, type: integer}
--   - {name: times, type: integer}
-- permission: aggregates
-- needs: [paths]
select
    r.route,
    sum(r.people)::bigint as people,
    sum(r.times)::bigint as times
from routes(
    %(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text,
    least(greatest(coalesce(%(length)s::integer, 3), 2), 6), %(attribute)s::jsonb
) as r
where
    %(section)s::text is null
    or %(section)s::text = any(string_to_array(r.route, ' > '))
group by r.route
order by times desc, r.route
limit 100;
