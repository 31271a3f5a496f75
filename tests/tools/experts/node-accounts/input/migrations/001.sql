create table accounts (name text primary key, hash text);
