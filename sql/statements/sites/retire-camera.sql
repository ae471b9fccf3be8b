update camera
set retired_at = %(moment)s::timestamptz
where camera_id = %(id)s::text;
