export function shuffle(cards) {
  return cards.map((card) => [Math.random(), card]).sort().map(([, card]) => card);
}
