// The token is in the fragment, which no server sees: it goes from there into the form, and out of the address bar. A
// fragment that is the id of something here is no token: a link of the page leads to it, and a reload keeps it.
const field = document.getElementById('token');
function takeToken() {
  const token = location.hash.slice(1);
  if (!field || !token || document.getElementById(token)) return;
  field.value = token;
  history.replaceState(null, '', location.pathname);
  document.getElementById('code')?.focus();
}
takeToken();
// A link that is pasted where this page is already open loads nothing anew.
addEventListener('hashchange', takeToken);
