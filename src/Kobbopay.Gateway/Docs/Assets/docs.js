// What pages have beyond what they show without a script: a button that copies code, and a key for the search.
for (const code of document.querySelectorAll('.code')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(code.querySelector('code').textContent);
      button.textContent = 'Copied';
    } catch {
      // Without leave for the clipboard: selected, for Ctrl+C.
      getSelection().selectAllChildren(code.querySelector('code'));
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 2000);
  });
  code.prepend(button);
}

addEventListener('keydown', event => {
  if (event.key !== 'k' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  document.getElementById('q').select();
  document.getElementById('q').focus();
});
