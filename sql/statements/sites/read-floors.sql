select
    floor,
    name,
    array(
        select array[st_x(corner.geom), st_y(corner.geom)]
        from st_dumppoints(outline) as corner
        where corner.path[2] < st_npoints(outline)
        order by corner.path[2]
    ) as outline
from floor
where
    retired_at is null
    or retired_at > %(at)s::timestamptz
order by floor;
