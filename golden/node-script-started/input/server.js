const { execSync } = require("child_process");
const ms = require("ms");

execSync("npm run version-check");
setInterval(() => console.log("up"), ms("1m"));
