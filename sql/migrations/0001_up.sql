-- The first schema. Runs as mall_admin, who owns everything. Times are timestamptz, positions metres with SRID 0.

-- The mall ----------------------------------------------------------------------------------------------------

create table site (
    site text primary key,
    time_zone text not null,
    opening_hours jsonb not null,
    georeference jsonb
);
comment on table site is 'the one mall of this database';

create table floor (
    floor smallint primary key,
    name text not null,
    outline geometry(Polygon, 0) not null,
    retired_at timestamptz
);
comment on column floor.retired_at is 'when it left the site file; null while it is in it';

create table section (
    section_id text not null,
    valid_from timestamptz not null,
    valid_to timestamptz not null default 'infinity',
    section_name text not null,
    floor smallint not null references floor,
    polygon geometry(Polygon, 0) not null,
    primary key (section_id, valid_from),
    check (valid_from < valid_to)
);
comment on table section is 'named areas; a changed one is a new row, valid in [valid_from, valid_to)';

create table grid (
    grid_id bigint primary key,
    floor smallint not null references floor,
    location geometry(Polygon, 0) not null
);
comment on table grid is 'the 2 m squares that touch a floor';

create table section_grid (
    section_id text not null,
    valid_from timestamptz not null,
    grid_id bigint not null,
    primary key (section_id, valid_from, grid_id),
    foreign key (section_id, valid_from) references section on delete cascade
);
comment on table section_grid is 'the squares whose centre lies in a section: good enough for counts, not for doors';

create table camera (
    camera_id text primary key,
    floor smallint not null references floor,
    width_px integer not null check (width_px > 0),
    height_px integer not null check (height_px > 0),
    frame_rate_hz double precision not null check (frame_rate_hz > 0),
    keyframe_interval_s double precision not null check (keyframe_interval_s > 0),
    retired_at timestamptz
);

create table calibration (
    camera_id text not null references camera on delete cascade,
    valid_from timestamptz not null,
    homography double precision[] not null check (cardinality(homography) = 9),
    points_px jsonb not null,
    points_m jsonb not null,
    primary key (camera_id, valid_from)
);
comment on table calibration is 'foot point px to floor m, row by row; valid until the next one of the camera';

-- The video and the work on it -----------------------------------------------------------------------------

create table segment (
    segment_id uuid primary key,
    camera_id text not null references camera,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    object_key text not null,
    bytes bigint not null check (bytes >= 0),
    width_px integer not null,
    height_px integer not null,
    frames integer not null,
    keyframe_interval_s double precision not null,
    recorded_at timestamptz not null default now(),
    constraint segment_one_at_a_time
    exclude using gist (camera_id with =, tstzrange(starts_at, ends_at) with &&),
    check (starts_at < ends_at)
);
create index segment_time on segment (starts_at, ends_at);

create table extraction_ledger (
    segment_id uuid not null references segment on delete cascade,
    extractor text not null,
    epoch integer not null check (epoch > 0),
    state text not null check (state in ('running', 'done', 'failed')),
    owner text not null,
    lease_until timestamptz not null,
    prefix text,
    tracklets integer,
    sightings bigint,
    reason text,
    started_at timestamptz not null,
    finished_at timestamptz,
    primary key (segment_id, extractor),
    check ((state = 'done') = (prefix is not null))
);
comment on column extraction_ledger.epoch is 'how often it was claimed; only the last claimant may finish';
comment on column extraction_ledger.prefix is 'the result in the object store; never changed once named';

create table load_ledger (
    site text not null references site,
    hour timestamptz not null,
    epoch integer not null check (epoch > 0),
    state text not null check (state in ('running', 'done')),
    owner text not null,
    lease_until timestamptz not null,
    people integer,
    started_at timestamptz not null,
    finished_at timestamptz,
    primary key (site, hour),
    check (hour = date_trunc('hour', hour, 'UTC'))
);

create table coverage (
    camera_id text not null references camera,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    extractor text not null,
    primary key (camera_id, starts_at),
    check (starts_at < ends_at)
);
create index coverage_time on coverage (starts_at, ends_at);
comment on table coverage is 'what has been processed and loaded, within full hours; written by the load alone; the only gate for "known"';

-- People: months by the mall's own calendar day ---------------------------------------------------------------

create table person (
    person_id uuid not null,
    day date not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (day, person_id),
    check (first_seen <= last_seen)
) partition by range (day);
comment on table person is 'one visitor of one day';

create table person_attributes (
    person_id uuid not null,
    day date not null,
    version text not null,
    active boolean not null,
    attributes jsonb not null,
    confidence jsonb not null,
    primary key (day, person_id, version)
) partition by range (day);
create index person_attributes_values on person_attributes using gin (attributes jsonb_path_ops);
comment on table person_attributes is 'what a describer version saw: {"shirt": "blue", "shoes": "unknown"}; one active version a person';

create table person_tracklet (
    hour timestamptz not null,
    tracklet_id uuid not null,
    person_id uuid not null,
    day date not null,
    camera_id text not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    reason text not null,
    primary key (hour, tracklet_id)
) partition by range (hour);
create index person_tracklet_person on person_tracklet (day, person_id);
comment on column person_tracklet.reason is 'why this tracklet belongs to this person';

-- Where they were: months, then days, UTC; rows in time order -----------------------------------------------------

create table person_location (
    person_id uuid not null,
    taken_at timestamptz not null,
    floor smallint not null,
    location geometry(Point, 0) not null,
    grid_id bigint not null,
    primary key (person_id, taken_at)
) partition by range (taken_at);
create index person_location_time on person_location using brin (taken_at) with (pages_per_range = 16);
comment on table person_location is 'positions at every :00 and :30, and at first and last sight';

create view person_grid as
select
    person_id,
    grid_id,
    taken_at
from person_location;
comment on view person_grid is 'the same sightings on the 2 m grid';

create table person_track (
    person_id uuid not null,
    floor smallint not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    length_m double precision not null check (length_m >= 0),
    path geometry(LineStringM, 0) not null,
    primary key (person_id, starts_at, floor),
    check (starts_at <= ends_at)
) partition by range (starts_at);
create index person_track_time on person_track using brin (starts_at) with (pages_per_range = 16);
comment on table person_track is 'one path per person, floor stay and full UTC hour; M is epoch seconds; the cut point is in both pieces';

-- Who asked what ----------------------------------------------------------------------------------------------

create table audit (
    audit_id bigint generated always as identity primary key,
    asked_at timestamptz not null default now(),
    who text not null,
    action text not null,
    question text,
    inputs jsonb not null,
    outcome text not null,
    request_id text not null
);
create index audit_time on audit (asked_at);

create table api_key (
    sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
    name text not null unique,
    permissions text[] not null,
    created_at timestamptz not null default now()
);
comment on table api_key is 'the hash of each key; the key itself is shown once and never stored';
