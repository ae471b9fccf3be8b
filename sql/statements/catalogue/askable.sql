select
    (select r.moved_before from retention as r) as moved_before,
    array(select distinct s.section_id from section as s order by s.section_id) as sections,
    array(select f.floor from floor as f order by f.floor) as floors;
