select swap_in(%(family)s::text, %(day)s::date, %(mark)s::text);
