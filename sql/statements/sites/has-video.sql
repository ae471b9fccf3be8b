select segment_id
from segment
limit 1;
