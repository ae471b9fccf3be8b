with nearest as (
    select person, floor, x_m, y_m, row_number() over (partition by person order by at_s desc) as number
    from read_parquet('FOLDER/positions.parquet')
    where at_s > $at_s - 30 and at_s <= $at_s
        and person in (select person from read_parquet('FOLDER/people.parquet') where shirt = $colour)
)
select count(*)
from nearest
where number = 1 and floor = $floor and x_m between $left and $right and y_m between $bottom and $top;
