-- up
create table people (name text);
