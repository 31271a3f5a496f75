import { createServer } from "http";
import ms from "ms";

createServer((_, answer) => answer.end(ms(60000))).listen(8080);
