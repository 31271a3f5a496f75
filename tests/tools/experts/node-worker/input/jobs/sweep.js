module.exports = () => console.log('swept');
