-- id: flows
-- title: Ways between sections
-- description: >
--   Where people go: from the section they visited before into another, entered within the window. The section before
--   may have been left before the window, on the same day. People count once in each hour. With a section, only ways
--   from it or into it; with attributes, only people who have all of them.
-- parameters:
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: section, type: section, description: only this section}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: rows
-- columns:
--   - {name: from_section, type: text}
--   - {name: to_section, type: text}
--   - {name: people, type: integer}
--   - {name: moves, type: integer}
-- permission: aggregates
-- needs: [paths]
select
    f.from_section,
    f.to_section,
    sum(f.people)::bigint as people,
    sum(f.moves)::bigint as moves
from flows(%(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(attribute)s::jsonb) as f
where
    %(section)s::text is null
    or %(section)s::text in (f.from_section, f.to_section)
group by f.from_section, f.to_section
order by moves desc, f.from_section, f.to_section;
