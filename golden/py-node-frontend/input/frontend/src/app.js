const animal = "squirrel"; document.title = animal;
