select distinct section_id
from section
order by section_id;
