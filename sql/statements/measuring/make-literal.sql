create table literal_location (
    person_id uuid,
    location geometry(Point, 0),
    taken_at timestamptz,
    primary key (person_id, taken_at)
);
create table literal_grid (
    person_id uuid,
    grid_id bigint,
    taken_at timestamptz,
    primary key (person_id, taken_at)
);
