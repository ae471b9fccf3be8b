select grid_id, count(distinct person), count(*) / 2
from read_parquet('FOLDER/positions.parquet')
where at_s >= $from_s and at_s < $to_s
    and person in (select person from read_parquet('FOLDER/people.parquet') where shirt = $colour)
group by grid_id
order by grid_id;
