const fs = require("fs");

const notes = ["milk", "bread"];
fs.writeFileSync("index.html", notes.map((note) => `<p>${note}</p>`).join("\n"));
