import { readFileSync } from "fs";
const ms = require("ms");
console.log(`${readFileSync("/var/lib/store/list.txt", "utf8").trim()} after ${ms(60000)}`);
