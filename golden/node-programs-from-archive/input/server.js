const express = require("express");

express()
  .get("/", (request, response) => response.send("notes"))
  .listen(3000);
