export const PORT = 4000;
