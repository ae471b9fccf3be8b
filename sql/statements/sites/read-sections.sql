select
    section_id,
    section_name,
    floor,
    array(
        select array[st_x(corner.geom), st_y(corner.geom)]
        from st_dumppoints(polygon) as corner
        where corner.path[2] < st_npoints(polygon)
        order by corner.path[2]
    ) as polygon
from section
where
    valid_from <= %(at)s::timestamptz
    and valid_to > %(at)s::timestamptz
order by section_id;
