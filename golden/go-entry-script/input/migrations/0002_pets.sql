-- up
create table pets (name text);
