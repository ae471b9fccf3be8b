select camera_id
from camera
where camera_id = %(camera_id)s::text;
