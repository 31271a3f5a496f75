import polka from "polka";

const entries = [12, -5, 30];

polka()
  .get("/balance", (_request, response) => {
    response.end(String(entries.reduce((sum, entry) => sum + entry, 0)));
  })
  .listen(3000);
