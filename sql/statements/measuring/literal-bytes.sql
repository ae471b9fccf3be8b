select pg_total_relation_size('literal_location') + pg_total_relation_size('literal_grid') as bytes;
