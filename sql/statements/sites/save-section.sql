with version as (
    insert into section (section_id, valid_from, section_name, floor, polygon)
    select
        %(section_id)s::text,
        case
            when exists (select from section where section_id = %(section_id)s::text) then %(moment)s::timestamptz
            else '-infinity'
        end,
        %(section_name)s::text,
        %(floor)s::smallint,
        st_geomfromtext(%(polygon)s::text, 0)
    returning section_id, valid_from
)
insert into section_grid (section_id, valid_from, grid_id)
select
    version.section_id,
    version.valid_from,
    cell.grid_id
from version
cross join unnest(%(grid_ids)s::bigint[]) as cell (grid_id);
