insert into grid (grid_id, floor, location)
select
    cell.grid_id,
    f.floor,
    square.location
from unnest(%(grid_ids)s::bigint[], %(lefts)s::float8[], %(bottoms)s::float8[]) as cell (grid_id, x, y)
cross join lateral (
    select st_makeenvelope(cell.x, cell.y, cell.x + %(side_m)s::float8, cell.y + %(side_m)s::float8, 0) as location
) as square
inner join floor as f on st_intersects(square.location, f.outline) and not st_touches(square.location, f.outline)
where f.floor = %(floor)s::smallint;
