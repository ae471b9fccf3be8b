select count(distinct person)
from read_parquet('FOLDER/paths.parquet')
where starts_s >= $from_s and starts_s < $to_s
    and person in (select person from read_parquet('FOLDER/people.parquet') where shirt = $colour);
