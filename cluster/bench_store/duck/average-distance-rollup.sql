select count(*), avg(distance_m), median(distance_m)
from read_parquet('FOLDER/person.parquet')
where shirt = $colour;
