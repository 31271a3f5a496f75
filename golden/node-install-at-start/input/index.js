const Database = require("better-sqlite3");

const db = new Database("sketches.db");
db.exec("CREATE TABLE IF NOT EXISTS sketch (id INTEGER PRIMARY KEY, title TEXT)");
console.log(db.prepare("SELECT count(*) AS sketches FROM sketch").get());
