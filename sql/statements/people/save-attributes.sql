insert into person_attributes (person_id, day, version, active, attributes, confidence)
select
    p.person_id,
    p.day,
    %(version)s::text,
    true,
    p.attributes::jsonb,
    p.confidence::jsonb
from unnest(%(person_ids)s::uuid[], %(days)s::date[], %(attributes)s::text[], %(confidences)s::text[])
    as p (person_id, day, attributes, confidence)
on conflict (day, person_id, version) do update
    set
        active = true,
        attributes = excluded.attributes,
        confidence = excluded.confidence;
