select forget_requests(%(older_than)s::interval, %(limit)s::integer);
