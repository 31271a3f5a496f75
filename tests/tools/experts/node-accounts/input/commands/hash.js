module.exports = (word) => console.log(require('bcrypt').hashSync(word, 4));
