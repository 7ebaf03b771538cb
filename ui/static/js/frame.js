// The tabs of a page that is narrower than they are: the one that is shown is brought into sight.
for (const tabs of document.querySelectorAll("nav.tabs")) {
  const here = tabs.querySelector("[aria-current]");
  if (here) tabs.scrollLeft = here.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
}
