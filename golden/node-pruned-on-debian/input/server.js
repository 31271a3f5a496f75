const fs = require("fs");

console.log(fs.readFileSync("config/main.txt", "utf8"), require("ms")(1000));
