// app: reports what it finds.
const fs = require("fs");
const os = require("os");
const path = require("path");

function part_module_0() {
  require("ms");
  return "yes";
}

function part_read_formatted_1() {
  const base = "i18n";
  return fs.readFileSync(`${base}/` + "main.txt", "utf8");
}

function part_read_home_2() {
  return fs.readFileSync(path.join(os.homedir(), ".cache/words/en.txt"), "utf8");
}

const parts = {
  "module-0": part_module_0,
  "read-formatted-1": part_read_formatted_1,
  "read-home-2": part_read_home_2,
};

const report = {};
for (const [name, part] of Object.entries(parts)) {
  try {
    report[name] = part();
  } catch (error) {
    report[name] = "missing";
  }
}
console.log("REPORT " + JSON.stringify(report));
