insert into floor (floor, name, outline)
values (%(floor)s::smallint, %(name)s::text, st_geomfromtext(%(outline)s::text, 0))
on conflict (floor) do update
    set
        name = excluded.name,
        outline = excluded.outline,
        retired_at = null;
