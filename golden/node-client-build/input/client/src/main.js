import { nanoid } from 'nanoid';

document.title = `Moo ${nanoid(4)}`;
