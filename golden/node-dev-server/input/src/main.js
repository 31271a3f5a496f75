document.body.append("duck");
