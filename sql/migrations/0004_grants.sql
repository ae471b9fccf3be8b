grant select on section_visit, section_hour, section_day, flow_hour, grid_day, visitor_day, visitor_hour to mall_ingest, mall_read;
grant insert, update, delete on section_visit, section_hour, section_day, flow_hour, grid_day, visitor_day, visitor_hour to mall_ingest;
