-- id: queue-waiting
-- title: Waiting time in a queue
-- description: >
--   How long people wait in a section that is a queue, by the hour in which they came: different people, minutes on
--   average, in the median and in the ninth decile. The window cuts visits. With attributes, only people who have all
--   of them.
-- parameters:
--   - {name: section, type: section, required: true, description: the section}
--   - {name: from, type: time, required: true, description: start of the window}
--   - {name: to, type: time, required: true, description: end of the window}
--   - {name: attribute, type: attribute, multiple: true, description: "key:value that must hold"}
-- result: series
-- columns:
--   - {name: section, type: text}
--   - {name: hour, type: time}
--   - {name: people, type: integer}
--   - {name: average_minutes, type: number, unit: min}
--   - {name: median_minutes, type: number, unit: min}
--   - {name: ninth_decile_minutes, type: number, unit: min}
-- permission: aggregates
-- needs: [paths]
select
    %(section)s::text as section,
    h.hour,
    h.people,
    h.average_s / 60 as average_minutes,
    h.median_s / 60 as median_minutes,
    h.ninth_decile_s / 60 as ninth_decile_minutes
from stay_hours(
    %(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(section)s::text, %(attribute)s::jsonb
) as h
order by h.hour;
