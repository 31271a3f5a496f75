// A visitors' book: every visit is a line in data/visits.txt.
const fs = require("node:fs");
const http = require("node:http");
const ms = require("ms");

fs.mkdirSync("data", { recursive: true });
fs.appendFileSync("data/visits.txt", "visitors:\n");

http
  .createServer((request, response) => {
    const name = new URL(request.url, "http://book").searchParams.get("name");
    if (name) fs.appendFileSync("data/visits.txt", `${name}\n`);
    response.end(`${fs.readFileSync("data/visits.txt", "utf8")}after ${ms("1 minute")} ms\n`);
  })
  .listen(3000);
