document.body.textContent = 'north by north-west';
