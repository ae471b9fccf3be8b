select undecided_people(
    %(from)s::timestamptz, %(to)s::timestamptz, %(zone)s::text, %(section)s::text, %(attribute)s::jsonb
) as unknown;
