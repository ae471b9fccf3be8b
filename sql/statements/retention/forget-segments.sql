select forget_segments(%(segment_ids)s::uuid[]);
