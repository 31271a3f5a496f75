CREATE TABLE stamps (id integer);
