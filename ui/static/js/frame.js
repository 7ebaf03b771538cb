// The tabs of a page that is narrower than they are: the one that is shown is brought into sight.
for (const tabs of document.querySelectorAll("nav.tabs")) {
  const here = tabs.querySelector("[aria-current]");
  const fade = () => {  // what is beyond an edge is told by that edge
    tabs.toggleAttribute("data-more-before", tabs.scrollLeft > 1);
    tabs.toggleAttribute("data-more-after", tabs.scrollLeft + tabs.clientWidth < tabs.scrollWidth - 1);
  };
  tabs.addEventListener("scroll", fade, { passive: true });
  addEventListener("resize", fade);
  if (here) tabs.scrollLeft = here.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - here.offsetWidth) / 2;
  fade();
}
