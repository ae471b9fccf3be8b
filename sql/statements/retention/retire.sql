select retire(%(action)s::text, %(family)s::text, %(day)s::date);
