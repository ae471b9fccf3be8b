drop function hide_aside, show_aside, swap_in, index_aside, make_aside, aside_name;
