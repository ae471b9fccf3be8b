select person, floor, unnest(at_s) as taken_s, unnest(x_m) as x_m, unnest(y_m) as y_m
from read_parquet('FOLDER/paths.parquet')
where starts_s >= $hour_s and starts_s < $hour_s + 3600
    and person in (select person from read_parquet('FOLDER/people.parquet') where shirt = $colour)
order by person, taken_s;
