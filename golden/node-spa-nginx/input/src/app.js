import { shuffle } from './shuffle';

console.log(shuffle(['ace', 'king', 'queen']));
