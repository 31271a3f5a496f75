import { readFile } from "node:fs/promises"
export default defineEventHandler(() => readFile("data/a.json"))
