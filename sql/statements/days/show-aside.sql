select show_aside(%(day)s::date, %(mark)s::text);
