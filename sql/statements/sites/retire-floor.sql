update floor
set retired_at = %(moment)s::timestamptz
where floor = %(id)s::text::smallint;
