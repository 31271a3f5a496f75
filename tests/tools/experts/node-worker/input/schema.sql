create table jobs (name text);
insert into jobs values ('greet');
insert into jobs values ('sweep');
