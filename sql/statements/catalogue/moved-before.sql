select moved_before from retention;
