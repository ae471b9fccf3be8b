select
    section_id,
    floor,
    extract(epoch from valid_from)::float8 as from_s,
    extract(epoch from valid_to)::float8 as to_s,
    array(
        select array[st_x(corner.geom), st_y(corner.geom)]
        from st_dumppoints(polygon) as corner
        where corner.path[2] < st_npoints(polygon)
        order by corner.path[2]
    ) as polygon
from section
where
    valid_from < %(end)s::timestamptz
    and valid_to > %(start)s::timestamptz
order by section_id, valid_from;
