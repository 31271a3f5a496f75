require("express")().get("/", (_, r) => r.send("hi")).listen(3000);
