lock table site in share row exclusive mode;
