console.log('cast off');
