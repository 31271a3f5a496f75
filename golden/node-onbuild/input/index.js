const express = require("express")

express()
  .get("/", (req, res) => res.send("ferry at noon"))
  .listen(3000)
