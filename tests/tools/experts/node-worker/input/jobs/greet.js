module.exports = () => console.log('noon in UTC is', new Date(Date.UTC(2024, 6, 1, 12)).toTimeString().slice(0, 5));
