document.title = ['ochre', 'umber'].join(' and ');
