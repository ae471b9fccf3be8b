select ensure_partitions(%(start)s::timestamptz, %(end)s::timestamptz);
