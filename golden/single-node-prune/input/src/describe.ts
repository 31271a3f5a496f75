export function describe(id: string): string {
  return `an identifier of length ${id.length}\n`;
}
