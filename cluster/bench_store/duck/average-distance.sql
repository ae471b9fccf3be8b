with walked as (
    select person, sum(length_m) as distance_m
    from read_parquet('FOLDER/paths.parquet')
    where starts_s >= $from_s and starts_s < $to_s
        and person in (select person from read_parquet('FOLDER/people.parquet') where shirt = $colour)
    group by person
)
select count(*), avg(distance_m), median(distance_m) from walked;
