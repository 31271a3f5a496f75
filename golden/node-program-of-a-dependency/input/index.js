require('https-here').listen(3000, require('git-quick-stats')())
