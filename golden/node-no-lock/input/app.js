const path = require('path');
const express = require('express');

const app = express();
app.set('view engine', 'hbs');
app.set('views', path.join(__dirname, 'views'));
app.use('/teas', require('./routes/teas'));

app.listen(8080);
