select floor(at_s / 3600) as hour, count(distinct person), count(*) / 2
from read_parquet('FOLDER/positions.parquet')
where at_s >= $from_s and at_s < $to_s
    and floor = $floor and x_m between $left and $right and y_m between $bottom and $top
    and person in (select person from read_parquet('FOLDER/people.parquet') where shirt = $colour)
group by hour
order by hour;
