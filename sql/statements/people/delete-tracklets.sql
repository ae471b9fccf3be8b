delete from person_tracklet
where hour = %(hour)s::timestamptz;
