// What all pages have: numbers in words, and the colours.

const count = (number) => number.toLocaleString("en-US");
const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

const startTheme = () => {
  const names = ["automatic", "light", "dark"];
  const set = (name) => {
    if (name === "automatic") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    document.getElementById("theme-name").textContent = name;
  };
  const button = document.getElementById("theme");
  const stored = () => { try { return localStorage.getItem("slimify-theme"); } catch { return null; } };
  let now = Math.max(0, names.indexOf(stored()));
  set(names[now]);
  button.addEventListener("click", () => {
    now = (now + 1) % names.length;
    set(names[now]);
    try { localStorage.setItem("slimify-theme", names[now]); } catch { /* a file may have no storage */ }
  });
};

document.documentElement.classList.add("ready");
startTheme();
