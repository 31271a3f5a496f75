const router = require('express').Router();

router.get('/', (req, res) => res.render('teas', { teas: ['Assam', 'Darjeeling', 'Keemun'] }));

module.exports = router;
