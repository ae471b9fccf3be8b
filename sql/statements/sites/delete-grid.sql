delete from grid
where floor = %(floor)s::smallint;
