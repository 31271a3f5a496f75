require("child_process").execFileSync("nginx");
require("http").createServer((_, answer) => answer.end(require("ms")(1000))).listen(8080);
