select section_id, sum(people), sum(visits), sum(present_ms) / sum(people) / 60000, sum(present_ms) / sum(visits) / 60000
from read_parquet('FOLDER/section_day.parquet')
where section_id = $section and attribute = 'shirt:' || $colour
group by section_id;
