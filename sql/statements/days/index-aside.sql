select index_aside(%(family)s::text, %(day)s::date, %(mark)s::text);
