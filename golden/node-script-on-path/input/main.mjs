import { createServer } from "node:http";
import pc from "picocolors";

createServer((_, response) => response.end("content\n")).listen(3000, () => console.log(pc.green("ready")));
