// Progressive enhancement: everything works without JavaScript. Each data-* attribute is explained beside its code.
"use strict";

document.documentElement.classList.add("js"); // shows elements with the class js-only

// Refuse expressions that htmx would evaluate (the Content-Security-Policy refuses them as well).
const refuse = function () { throw new Error("expressions in attributes are switched off"); };
window.htmx?.registerExtension("no-eval", { init: (api) => api.initSecurity(null, refuse, refuse) });

// announce("Copied"): for screen readers; in the modal dialog if one is open, as the rest of the page is inert then.
function announce(text) {
  const home = document.querySelector("dialog:modal") ?? document.body;
  let region = home.querySelector(":scope > .voice");
  if (!region) {
    region = Object.assign(document.createElement("p"), { className: "voice sr-only" });
    region.setAttribute("role", "status");
    home.append(region);
  }
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

// dialog[data-modal][data-close-url]: made modal; Escape and the backdrop go to the URL that the dialog names.
function openDialog(dialog) {
  if (dialog.matches(":modal")) return;
  const leave = () => location.assign(dialog.dataset.closeUrl);
  dialog.removeAttribute("open");
  dialog.showModal();
  dialog.querySelector('[aria-invalid="true"]')?.focus(); // the field to correct, rather than the title
  if (dialog.dataset.ready) return;
  dialog.dataset.ready = "";
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
  dialog.addEventListener("close", leave);
  // A click beside the dialog closes it, unless typed text would be lost.
  let touched = false;
  dialog.addEventListener("input", () => { touched = true; });
  dialog.addEventListener("pointerdown", (event) => {
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.target === dialog && !inside && !touched) leave();
  });
  const flashes = document.getElementById("flashes");
  if (flashes) dialog.append(flashes); // otherwise inert and behind the backdrop
}

// details[data-menu]: placed beside its button so that no scrolling box clips it; one open at a time.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");
function closeMenus(except) {
  for (const menu of openMenus()) if (menu !== except) menu.open = false;
}
function placeMenu(menu) {
  const items = menu.querySelector(".menu-items");
  const button = menu.querySelector("summary").getBoundingClientRect();
  items.classList.add("placed");
  const below = button.bottom + 4;
  const top = below + items.offsetHeight > innerHeight ? button.top - items.offsetHeight - 4 : below;
  items.style.top = `${Math.max(4, top)}px`;
  items.style.left = `${Math.max(8, button.right - items.offsetWidth)}px`;
}
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details[data-menu]") || !menu.open) return;
  closeMenus(menu);
  placeMenu(menu);
}, true);
document.addEventListener("pointerdown", (event) => closeMenus(event.target.closest("details[data-menu]")));
document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details[data-menu]")));
// An element that was just opened cannot take the focus before it is drawn: retry for a few frames.
function focusSoon(item, frames = 5) {
  item?.focus();
  if (item && item !== document.activeElement && frames) requestAnimationFrame(() => focusSoon(item, frames - 1));
}
function menuKeys(event) {
  const menu = event.target.closest("details[data-menu]");
  if (!menu?.open) return;
  const items = [...menu.querySelectorAll(".menu-items :is(a, button)")];
  const at = items.indexOf(document.activeElement);
  if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
  else if (event.key === "ArrowDown") focusSoon(items[(at + 1) % items.length]);
  else if (event.key === "ArrowUp") focusSoon(items.at(at > 0 ? at - 1 : -1));
  else return;
  event.preventDefault();
}

// button[data-tip][popovertarget]: the tooltip also opens on hover and on keyboard focus, beside its button.
let tipTimer;
const tipOf = (button) => document.getElementById(button.getAttribute("popovertarget"));
function showTip(button) {
  clearTimeout(tipTimer);
  const tip = tipOf(button);
  if (tip.matches(":popover-open")) return;
  tip.showPopover();
  placeTip(button, tip);
}
function placeTip(button, tip) {
  const box = button.getBoundingClientRect();
  const above = box.top - tip.offsetHeight - 6;
  tip.classList.add("placed");
  tip.style.top = `${above > 4 ? above : box.bottom + 6}px`;
  tip.style.left = `${Math.max(8, Math.min(box.left, document.documentElement.clientWidth - tip.offsetWidth - 8))}px`;
}
const openTips = () => document.querySelectorAll(".tip:popover-open");
const hideTips = () => openTips().forEach((tip) => tip.hidePopover());
document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const button = event.target.closest("[data-tip]");
  if (button) showTip(button);
  else if (event.target.closest(".tip")) clearTimeout(tipTimer); // the pointer may move onto the tooltip
  else if (!document.activeElement?.matches("[data-tip]")) { clearTimeout(tipTimer); tipTimer = setTimeout(hideTips, 150); }
});
document.addEventListener("focusin", (event) => {
  const button = event.target.closest("[data-tip]");
  if (!button) hideTips();
  else if (button.matches(":focus-visible")) showTip(button);
});
function clickTip(button, event) {
  event.preventDefault(); // the browser would close the tooltip that hovering has just opened
  if (event.pointerType !== "mouse" && tipOf(button).matches(":popover-open")) hideTips();
  else showTip(button);
}

// Menus and tooltips stay beside their buttons while something scrolls.
function follow() {
  openMenus().forEach(placeMenu);
  for (const tip of openTips()) placeTip(document.querySelector(`[popovertarget="${CSS.escape(tip.id)}"]`), tip);
}
addEventListener("scroll", follow, { capture: true, passive: true });
addEventListener("resize", follow);

// button[data-copy="text"]: copies the text and confirms it.
async function copyText(button) {
  const label = button.querySelector("[data-copy-label]") ?? button;
  button.dataset.label ??= label.textContent;
  let result = "Copied";
  try { await navigator.clipboard.writeText(button.dataset.copy); } catch { result = "Could not copy. Select the text instead."; }
  label.textContent = result;
  if (button.ariaLabel) { button.dataset.name ??= button.ariaLabel; button.ariaLabel = result; } // the accessible name must match the visible label
  announce(result);
  setTimeout(() => { label.textContent = button.dataset.label; if (button.dataset.name) button.ariaLabel = button.dataset.name; }, 2000);
}

// button[data-reveal="input id"]: shows and hides the text of a password field.
function reveal(button) {
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", shown);
}

// input[data-filter-for="select id"]: leaves only the options that contain the typed text; the count goes to [data-filter-count].
const allOptions = new WeakMap();
const collapse = (select) => { select.size = 0; };
function filterOptions(input) {
  const select = document.getElementById(input.dataset.filterFor);
  if (!allOptions.has(select)) {
    allOptions.set(select, [...select.options]);
    for (const done of ["blur", "click"]) select.addEventListener(done, () => collapse(select));
    select.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !select.size) return;
      event.preventDefault();
      collapse(select);
    });
  }
  const chosen = select.value;
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const options = allOptions.get(select);
  const real = options.filter((option) => option.value);
  const matches = real.filter((option) => words.every((word) => option.text.toLowerCase().includes(word)));
  select.replaceChildren(...options.filter((option) => !option.value || matches.includes(option) || option.value === chosen));
  select.value = chosen;
  select.size = words.length && matches.length ? Math.min(7, Math.max(2, select.options.length)) : 0;
  const count = document.querySelector(`[data-filter-count="${CSS.escape(select.id)}"]`);
  if (count) count.textContent = words.length ? `${matches.length} of ${real.length} match` : "";
}

// form[data-require-all]: its submit buttons wait until every required control is filled.
function requireAll(form) {
  const controls = [...form.elements];
  const filled = (control) => {
    if (control.type === "radio") return controls.some((other) => other.name === control.name && other.checked);
    if (control.type === "checkbox") return control.checked;
    return control.value.trim() !== "" || control.matches(":autofill");
  };
  const ready = controls.every((control) => !control.required || control.disabled || filled(control));
  for (const button of controls) if (button.type === "submit" && !button.formNoValidate) button.disabled = !ready;
}

// Runs after loading, after every swap, and when the browser restores a page.
function start() {
  document.querySelectorAll("form[data-require-all]").forEach(requireAll);
  document.querySelectorAll("dialog[data-modal]").forEach(openDialog);
  document.querySelectorAll("[data-copy-now]").forEach(copyNow);
}

// [data-copy-now]: a text that was requested for copying has arrived: copy it, and focus its button instead of the removed one.
function copyNow(made) {
  made.removeAttribute("data-copy-now");
  const button = made.querySelector("[data-copy]");
  button.focus();
  copyText(button);
}

document.addEventListener("click", (event) => {
  const closest = (selector) => event.target.closest?.(selector);
  let found;
  if ((found = closest("[data-copy]"))) copyText(found);
  else if ((found = closest("[data-reveal]"))) reveal(found);
  else if ((found = closest("[data-tip]"))) clickTip(found, event);
  else if ((found = closest("[data-dismiss]"))) found.closest(found.dataset.dismiss).remove(); // data-dismiss="selector of the element to remove"
});
document.addEventListener("keydown", (event) => {
  // Enter in the filter moves to the list instead of sending the form.
  const filter = event.target.closest?.("[data-filter-for]");
  if (filter && event.key === "Enter") { event.preventDefault(); document.getElementById(filter.dataset.filterFor).focus(); return; }
  menuKeys(event);
}, true);
// data-zone-into="id": copies the chosen event's time zone into an input, before the warnings about the pair are requested.
document.addEventListener("change", (event) => {
  const into = event.target.dataset?.zoneInto;
  if (into) document.getElementById(into).value = event.target.selectedOptions[0]?.dataset.zone ?? "";
}, true);
for (const type of ["input", "change"]) {
  document.addEventListener(type, (event) => {
    if (event.target.matches("[data-filter-for]")) filterOptions(event.target);
    const form = event.target.form?.closest("[data-require-all]");
    if (form) requireAll(form);
  });
}
document.addEventListener("htmx:after:swap", start);
addEventListener("pageshow", start);
start();

// A live region announces only changes: re-insert the messages of a fresh page. data-focus: takes the focus.
const flashes = document.getElementById("flashes");
if (flashes?.childElementCount) {
  const messages = [...flashes.children];
  flashes.replaceChildren();
  setTimeout(() => flashes.prepend(...messages), 100); // a run that ended meanwhile may have added one
}
document.querySelector("[data-focus]")?.focus();

// [data-address]: this page is the response to a form; show the URL that can be reloaded.
const answer = document.querySelector("[data-address]");
if (answer) history.replaceState(null, "", answer.dataset.address);
