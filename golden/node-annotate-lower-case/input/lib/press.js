const fs = require("fs");
const { marked } = require("marked");

const page = "/var/lib/press/index.html";
fs.writeFileSync(page, marked.parse(`# Release ${process.env.PRESS_RELEASE}`));
console.log(`printed ${page}: ${fs.readFileSync(page, "utf8").trim()}`);
