create table runs (job text);
