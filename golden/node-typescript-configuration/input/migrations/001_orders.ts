export const up = (knex: any) => knex.schema.createTable("orders", (table: any) => table.increments());
