delete from person as gone
using unnest(%(person_ids)s::uuid[], %(days)s::date[]) as p (person_id, day)
where
    gone.day = p.day
    and gone.person_id = p.person_id
    and not exists (
        select
        from person_track as t
        where
            t.person_id = p.person_id
            and t.starts_at >= (p.day - 1)::timestamp at time zone 'UTC'
            and t.starts_at < (p.day + 2)::timestamp at time zone 'UTC'
    );
