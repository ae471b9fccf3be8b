select grid_id, sum(people), sum(samples) / 2
from read_parquet('FOLDER/grid_day.parquet')
where attribute = 'shirt:' || $colour
group by grid_id
order by grid_id;
