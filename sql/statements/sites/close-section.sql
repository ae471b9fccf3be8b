-- A version that would end before it begins never held: it goes.
with never as (
    delete from section
    where
        section_id = %(section_id)s::text
        and valid_from >= %(moment)s::timestamptz
)
update section
set valid_to = %(moment)s::timestamptz
where
    section_id = %(section_id)s::text
    and valid_from < %(moment)s::timestamptz
    and valid_to > %(moment)s::timestamptz;
