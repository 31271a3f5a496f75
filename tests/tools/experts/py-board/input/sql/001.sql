create table if not exists posts (text text);
