select segment_id
from segment
where segment_id = %(segment_id)s::uuid;
