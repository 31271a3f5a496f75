-- +goose Up
CREATE TABLE parcels (id integer primary key);
