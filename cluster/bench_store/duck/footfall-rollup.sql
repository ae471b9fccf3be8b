select section_id, hour, sum(people), sum(present_ms) / 60000
from read_parquet('FOLDER/section_hour.parquet')
where section_id = $section and attribute = 'shirt:' || $colour
group by section_id, hour
order by hour, section_id;
