function tick() {
  document.getElementById('clock').textContent = new Date().toLocaleTimeString();
}
setInterval(tick, 1000);
