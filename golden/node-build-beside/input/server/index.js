const e=require('express');const a=e();a.use(e.static(__dirname+'/public'));a.listen(3000)
