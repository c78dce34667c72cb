// The token is in the fragment, which no server sees: it goes from there into the form, and out of the address bar.
const field = document.getElementById('token');
if (field && location.hash.length > 1) {
  field.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
  document.getElementById('code')?.focus();
}
