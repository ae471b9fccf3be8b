insert into site (site, time_zone, opening_hours, georeference)
values (%(site)s::text, %(time_zone)s::text, %(opening_hours)s::jsonb, %(georeference)s::jsonb)
on conflict (site) do update
    set
        time_zone = excluded.time_zone,
        opening_hours = excluded.opening_hours,
        georeference = excluded.georeference;
