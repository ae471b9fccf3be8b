select day, sum(people)
from read_parquet('FOLDER/visitor_day.parquet')
where attribute = 'shirt:' || $colour
group by day;
